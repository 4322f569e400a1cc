// Command fraud finds small payments that large ones follow: keyed state and timers of the Go API.
//
//	go run ./examples/fraud --input s3://input/payments.txt --output s3://testbucket/fraud
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/examples"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	result, err := examples.Fraud(ctx, os.Args[1:])
	var usage *examples.UsageError
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, result)
}

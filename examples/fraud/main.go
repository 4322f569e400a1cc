// Command fraud finds small payments that large ones follow: keyed state and timers of the Go API.
//
//	go run ./examples/fraud --input s3://input/payments.txt --output s3://testbucket/fraud
package main

import (
	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/examples"
)

func main() { examples.Main(examples.Fraud) }

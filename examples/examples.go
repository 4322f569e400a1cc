// Package examples holds small programs over the Go API, each a function that the binary runs by name
// (`millstream run wordcount`) and a main package of its own that can be built and copied
// (`millstream run ./examples/wordcount`).
//
// What enters: command-line arguments. What leaves: a finished job, or an error: a [*UsageError] where the arguments are
// wrong, [flag.ErrHelp] after --help has shown them.
package examples

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/millstream/millstream/stream"
)

// Program runs to its end. Options change the job that it builds, such as where its settings come from.
type Program func(ctx context.Context, args []string, options ...stream.Option) (*stream.Result, error)

// ByName lists the examples.
var ByName = map[string]Program{
	"fraud":     Fraud,
	"wordcount": WordCount,
}

// UsageError says how a program is called.
type UsageError struct{ Reason, Usage string }

func (e *UsageError) Error() string { return e.Reason + "\n\n" + e.Usage }

// parse reads flags, of which those named must be given.
func parse(flags *flag.FlagSet, args []string, required ...string) error {
	var usage strings.Builder
	usage.WriteString("usage: " + flags.Name() + " [flags]\n")
	flags.SetOutput(&usage)
	flags.PrintDefaults()
	flags.SetOutput(io.Discard)
	wrong := func(reason string) error { return &UsageError{reason, strings.TrimSuffix(usage.String(), "\n")} }
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(os.Stderr, usage.String())
		return err
	case err != nil:
		return wrong(err.Error())
	case flags.NArg() > 0:
		return wrong("unexpected argument " + flags.Arg(0))
	}
	for _, name := range required {
		if flags.Lookup(name).Value.String() == "" {
			return wrong("--" + name + " is missing")
		}
	}
	return nil
}

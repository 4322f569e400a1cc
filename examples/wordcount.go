package examples

import (
	"context"
	"flag"
	"strings"

	"github.com/millstream/millstream/stream"
)

// WordCount counts the words of a text and writes a line "word count" for each.
func WordCount(ctx context.Context, args []string, options ...stream.Option) (*stream.Result, error) {
	flags := flag.NewFlagSet("wordcount", flag.ContinueOnError)
	input := flags.String("input", "", "`URL` of the text: a file, a directory or a glob, such as s3://input/test.txt")
	output := flags.String("output", "", "`URL` of a directory for the result, such as s3://testbucket/output")
	if err := parse(flags, args, "input", "output"); err != nil {
		return nil, err
	}

	job := stream.NewJob("wordcount", options...)
	lines := stream.ReadText(job, *input)
	words := stream.FlatMap(lines, strings.FieldsSeq)
	count := stream.Count(stream.KeyBy(words, func(w string) string { return w }))
	stream.WriteText(count, *output)
	return job.Run(ctx)
}

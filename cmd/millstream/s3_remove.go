package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// removal is one call of rm.
type removal struct {
	o                        *objectTools
	recursive, dryRun, force bool
}

// deletedAtOnce is how many keys go into one request: as many as S3 takes.
const deletedAtOnce = 1000

func (o *objectTools) removeVerb() *cobra.Command {
	r := &removal{o: o}
	c := &cobra.Command{
		Use:   "rm URL...",
		Short: "Delete objects",
		Long: `Delete objects: one, those that match a pattern, or with -r all below a directory or in a bucket. Before -r deletes anything it asks, or
needs --force where there is no terminal to ask on. Files of this machine are left to its own tools.`,
		Example: `  millstream s3 rm s3://input/test.txt
  millstream s3 rm --dry-run 's3://input/**.tmp'
  millstream s3 rm -r --force s3://testbucket/output`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return r.run(c.Context(), args) },
	}
	c.Flags().BoolVarP(&r.recursive, "recursive", "r", false, "all that is below URL")
	c.Flags().BoolVar(&r.dryRun, "dry-run", false, "only say what would be deleted")
	c.Flags().BoolVar(&r.force, "force", false, "do not ask")
	return c
}

func (r *removal) run(ctx context.Context, urls []string) error {
	var list []source
	var bytes int64
	for _, url := range urls {
		sources, err := r.o.sources(ctx, url, r.recursive)
		if err != nil {
			return err
		}
		if isLocal(sources[0].store) {
			return usagef("'%s' is on this machine: only objects of a store are deleted", url)
		}
		list = append(list, sources...)
	}
	for _, s := range list {
		bytes += s.info.Size
		if r.dryRun {
			fmt.Fprintln(r.o.out, r.o.visible(s.url()))
		}
	}
	if r.dryRun {
		return nil
	}
	what := count(int64(len(list)), "object") + ", " + size(bytes)
	if r.recursive && !r.force {
		if err := r.o.confirm(ctx, fmt.Sprintf("Delete %s below %s?", what, strings.Join(urls, ", "))); err != nil {
			return err
		}
	}
	if err := deleteAll(ctx, list); err != nil {
		return err
	}
	if !r.o.quiet {
		fmt.Fprintln(r.o.err, "deleted "+what)
	}
	return nil
}

// deleteAll deletes objects, many by one request.
func deleteAll(ctx context.Context, list []source) error {
	for len(list) > 0 {
		store := list[0].store
		var keys []string
		for len(list) > 0 && len(keys) < deletedAtOnce && list[0].store == store {
			keys = append(keys, list[0].info.Key)
			list = list[1:]
		}
		if err := store.Delete(ctx, keys...); err != nil {
			return err
		}
	}
	return nil
}

// errLeftAlone is the answer no.
var errLeftAlone = errors.New("nothing was deleted")

// confirm asks on the terminal whether to go on. Without one the answer has to be given before, by --force.
func (o *objectTools) confirm(ctx context.Context, question string) error {
	if !term.IsTerminal(int(o.stdin.Fd())) || !o.errTerminal {
		return usagef("there is no terminal to ask on whether to delete: say --force, or look first with --dry-run")
	}
	fmt.Fprint(o.err, question+" [y/N] ")
	answer := make(chan string, 1)
	go func() { // a read of a terminal cannot be interrupted
		line, err := bufio.NewReader(o.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			line = ""
		}
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(o.err)
		return ctx.Err()
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return errLeftAlone
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/objstore"
)

const (
	copiesAtOnce = 4       // objects under way together
	wholeUpTo    = 4 << 20 // bytes up to which an object is written by one request rather than in parts
	stdStream    = "-"
)

// copying is one call of cp.
type copying struct {
	o         *objectTools
	recursive bool
	dryRun    bool
	bar       *copyProgress
}

// transfer is one object to copy.
type transfer struct {
	from source
	to   objstore.Store
	key  string
}

func (o *objectTools) copyVerb() *cobra.Command {
	p := &copying{o: o}
	c := &cobra.Command{
		Use:   "cp SOURCE... TARGET",
		Short: "Copy objects and files, between stores and this machine",
		Long: `Copy objects: from this machine to a store, back, or from one place in a store to another; the bytes go through this machine. Several sources, a
pattern, or -r need a directory as TARGET, below which names stay as they are below SOURCE. A TARGET that ends in a slash, a whole bucket, and a
directory of this machine are directories, too. - is standard input or output.

Large objects are written in parts, several at a time, and an object becomes visible whole. What fails in passing is tried again. User metadata and
content types are not copied.`,
		Example: `  millstream s3 cp text.txt s3://input/
  millstream s3 cp -r s3://testbucket/output results
  millstream s3 cp 's3://input/*.csv' s3://archive/2026/
  gzip -c text.txt | millstream s3 cp - s3://input/text.txt.gz`,
		Args: usageArgs(cobra.MinimumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			return p.run(c.Context(), args[:len(args)-1], args[len(args)-1])
		},
	}
	c.Flags().BoolVarP(&p.recursive, "recursive", "r", false, "all that is below SOURCE")
	c.Flags().BoolVar(&p.dryRun, "dry-run", false, "only say what would be copied")
	return c
}

func (p *copying) run(ctx context.Context, sources []string, target string) error {
	if target == stdStream {
		if p.dryRun {
			return usagef("--dry-run says nothing about standard output")
		}
		for _, url := range sources {
			if err := p.o.cat(ctx, url); err != nil {
				return err
			}
		}
		return nil
	}
	to, key, err := p.o.open(ctx, target)
	if err != nil {
		return err
	}
	if sources[0] == stdStream {
		return p.fromInput(ctx, sources, to, key)
	}
	list, err := p.plan(ctx, sources, to, key)
	if err != nil {
		return err
	}
	if p.dryRun {
		for _, t := range list {
			fmt.Fprintf(p.o.out, "%s -> %s\n", p.o.visible(t.from.url()), p.o.visible(t.to.URL(t.key)))
		}
		return nil
	}
	return p.all(ctx, list)
}

// plan says what goes where, before anything is written.
func (p *copying) plan(ctx context.Context, urls []string, to objstore.Store, key string) ([]transfer, error) {
	var list []transfer
	directory := key == asDirectory(key) || len(urls) > 1 || p.recursive || isDirectory(to, key)
	taken := map[string]string{} // source by key of the target
	for _, url := range urls {
		if url == stdStream {
			return nil, usagef("standard input is copied by itself")
		}
		sources, err := p.o.sources(ctx, url, p.recursive)
		if err != nil {
			return nil, err
		}
		for _, s := range sources {
			t := transfer{s, to, key}
			if directory || len(sources) > 1 {
				t.key = asDirectory(key) + s.name
			}
			if strings.HasSuffix(t.key, "/") {
				continue // what some clients put in place of a directory
			}
			if to.URL(t.key) == s.url() {
				return nil, usagef("%s would be copied onto itself", s.url())
			}
			// The store of files is the machine's: a key with .. in it must not leave the target.
			if to.String() != s.store.String() && path.Join(asDirectory(key), s.name) != asDirectory(key)+s.name && directory && isLocal(to) {
				return nil, usagef("the name of %s is none for a file", s.url())
			}
			if other, ok := taken[t.key]; ok {
				return nil, usagef("%s and %s would both become %s", other, s.url(), to.URL(t.key))
			}
			taken[t.key] = s.url()
			list = append(list, t)
		}
	}
	return list, nil
}

// isLocal reports whether a store is the machine's files.
func isLocal(s objstore.Store) bool { return strings.HasPrefix(s.URL(""), "file:") }

// isDirectory reports whether a key of the machine's files is a directory that exists.
func isDirectory(s objstore.Store, key string) bool {
	if !isLocal(s) {
		return false
	}
	info, err := os.Stat("/" + key)
	return err == nil && info.IsDir()
}

func (p *copying) all(ctx context.Context, list []transfer) error {
	var total int64
	for _, t := range list {
		total += t.from.info.Size
	}
	p.bar = p.o.newCopyProgress(len(list), total)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copiesAtOnce)
	for _, t := range list {
		group.Go(func() error {
			if ctx.Err() != nil { // another one failed
				return ctx.Err()
			}
			return p.one(ctx, t)
		})
	}
	err := group.Wait()
	p.bar.finish()
	if err == nil && !p.o.quiet {
		fmt.Fprintln(p.o.err, p.bar.summary())
	}
	return err
}

func (p *copying) one(ctx context.Context, t transfer) error {
	body, info, err := t.from.store.Get(ctx, t.from.info.Key, objstore.All)
	if err != nil {
		return err
	}
	defer body.Close()
	from := p.bar.count(body)
	if info.Size <= wholeUpTo {
		data := make([]byte, info.Size)
		if _, err := io.ReadFull(from, data); err != nil {
			return err
		}
		if _, err := t.to.Put(ctx, t.key, data, objstore.Condition{}); err != nil {
			return err
		}
	} else if err := writeParts(ctx, t.to, t.key, from); err != nil {
		return err
	}
	p.bar.done()
	return nil
}

// writeParts writes an object of any length; nothing of it is seen before its end.
func writeParts(ctx context.Context, to objstore.Store, key string, from io.Reader) error {
	upload, err := to.Create(ctx, key)
	if err != nil {
		return err
	}
	if _, err := io.Copy(upload, from); err != nil {
		// Also after Ctrl-C: what was sent would stay in the store.
		return errors.Join(err, upload.Abort(context.WithoutCancel(ctx)))
	}
	pending, err := upload.Seal(ctx)
	if err != nil {
		return errors.Join(err, upload.Abort(context.WithoutCancel(ctx)))
	}
	if _, err = to.Commit(ctx, pending, objstore.Condition{}); err != nil && ctx.Err() == nil {
		return errors.Join(err, to.Abort(ctx, pending))
	}
	return err
}

// fromInput copies standard input, whose length is not known.
func (p *copying) fromInput(ctx context.Context, sources []string, to objstore.Store, key string) error {
	switch {
	case len(sources) > 1:
		return usagef("standard input is copied by itself")
	case key == asDirectory(key):
		return usagef("%s is a directory: name the object that standard input becomes", to.URL(key))
	case p.dryRun:
		fmt.Fprintf(p.o.out, "- -> %s\n", p.o.visible(to.URL(key)))
		return nil
	}
	p.bar = p.o.newCopyProgress(1, 0)
	defer p.bar.finish()
	in := p.bar.count(p.o.stdin)
	start := make([]byte, wholeUpTo)
	n, err := io.ReadFull(in, start)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		_, err = to.Put(ctx, key, start[:n], objstore.Condition{})
	case err == nil:
		err = writeParts(ctx, to, key, io.MultiReader(bytes.NewReader(start), in))
	}
	if err != nil {
		return err
	}
	p.bar.finish()
	p.bar.done()
	if !p.o.quiet {
		fmt.Fprintln(p.o.err, p.bar.summary())
	}
	return nil
}

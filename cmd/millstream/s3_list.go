package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore"
)

// listing writes lines of ls.
type listing struct {
	o     *objectTools
	w     io.Writer
	human bool
	n     int64 // objects
	bytes int64
}

func (o *objectTools) listVerb() *cobra.Command {
	var recursive, human bool
	c := &cobra.Command{
		Use:   "ls [URL...]",
		Short: "List buckets, or the objects of a directory",
		Long: `List the buckets, or what lies in a directory: dates in local time, sizes in bytes, names within the directory. What lies in directories
below it is shown as one line each, with -r as objects. A pattern lists the objects that match it.`,
		Example: `  millstream s3 ls
  millstream s3 ls -h s3://input/2026/
  millstream s3 ls -r s3://input
  millstream s3 ls 's3://input/**.csv'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			out := bufio.NewWriter(o.out)
			l := &listing{o: o, w: out, human: human}
			err := l.all(c.Context(), args, recursive)
			if flushErr := out.Flush(); err == nil {
				err = flushErr
			}
			if err == nil && len(args) > 0 && !o.quiet && (recursive || len(args) > 1) {
				fmt.Fprintf(o.err, "%s, %s\n", count(l.n, "object"), size(l.bytes))
			}
			return err
		},
	}
	c.Flags().Bool("help", false, "help for ls") // its letter is taken
	c.Flags().BoolVarP(&human, "human", "h", false, "sizes in kB, MB and GB")
	c.Flags().BoolVarP(&recursive, "recursive", "r", false, "all objects below, not only those in the directory itself")
	return c
}

func (l *listing) all(ctx context.Context, urls []string, recursive bool) error {
	if len(urls) == 0 {
		return l.buckets(ctx)
	}
	for _, url := range urls {
		if err := l.list(ctx, url, recursive); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) buckets(ctx context.Context) error {
	if err := l.o.load(); err != nil {
		return err
	}
	list, err := l.o.client.ListBuckets(ctx)
	if err != nil {
		return err
	}
	for _, b := range list {
		if _, err := fmt.Fprintf(l.w, "%s  s3://%s\n", moment(b.Created), l.o.visible(b.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) list(ctx context.Context, url string, recursive bool) error {
	store, key, err := l.o.open(ctx, url)
	if err != nil {
		return err
	}
	if objstore.HasGlob(key) {
		return l.print(objstore.Glob(ctx, store, key), store.URL(key), baseOf(key))
	}
	opts := objstore.ListOptions{Delimiter: "/"}
	if recursive {
		opts.Delimiter = ""
	}
	if key != asDirectory(key) {
		// A name without a slash behind it is an object's or a directory's.
		switch info, err := headOf(ctx, store, key); {
		case err == nil:
			return l.line(info, info.Key[:strings.LastIndexByte(info.Key, '/')+1])
		case objstore.KindOf(err) != objstore.NotFound:
			return err
		}
	}
	if dir := asDirectory(key); dir != "" {
		return l.print(store.List(ctx, dir, opts), store.URL(key), dir)
	}
	// An empty bucket lists as nothing, and is there.
	for info, err := range store.List(ctx, "", opts) {
		if err != nil {
			return err
		}
		if err := l.line(info, ""); err != nil {
			return err
		}
	}
	return nil
}

// print writes a listing, in which there must be something.
func (l *listing) print(infos iter.Seq2[objstore.Info, error], url, base string) error {
	empty := true
	for info, err := range infos {
		if err != nil {
			return err
		}
		empty = false
		if err := l.line(info, base); err != nil {
			return err
		}
	}
	if empty {
		return nothingAt(url)
	}
	return nil
}

// nothingAt says that a URL or pattern means no object.
func nothingAt(url string) error {
	return &objstore.Error{Op: "find", URL: url, Kind: objstore.NotFound, Reason: "there is no such object, and none below it",
		Hint: "millstream s3 ls lists what there is"}
}

// line writes one object, or a directory, which has neither date nor size.
func (l *listing) line(info objstore.Info, base string) error {
	when, bytes := moment(info.ModTime), strconv.FormatInt(info.Size, 10)
	if l.human {
		bytes = size(info.Size)
	}
	if strings.HasSuffix(info.Key, "/") && info.ModTime.IsZero() {
		when, bytes = "", "-"
	} else {
		l.n++
		l.bytes += info.Size
	}
	_, err := fmt.Fprintf(l.w, "%-19s %12s  %s\n", when, bytes, l.o.visible(strings.TrimPrefix(info.Key, base)))
	return err
}

// moment is a time as listings show it; nothing where it is unknown.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

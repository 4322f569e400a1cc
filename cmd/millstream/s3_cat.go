package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore"
)

func (o *objectTools) catVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "cat URL...",
		Short: "Write the bytes of objects to standard output",
		Example: `  millstream s3 cat s3://input/test.txt | head
  millstream s3 cat 's3://testbucket/output/*'`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			for _, url := range args {
				if err := o.cat(c.Context(), url); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (o *objectTools) cat(ctx context.Context, url string) error {
	sources, err := o.sources(ctx, url, false)
	if err != nil {
		return err
	}
	for _, s := range sources {
		body, _, err := s.store.Get(ctx, s.info.Key, objstore.All)
		if err != nil {
			return err
		}
		_, err = io.Copy(o.out, body)
		if closeErr := body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// source is one object that a verb works on.
type source struct {
	store objstore.Store
	info  objstore.Info
	name  string // below the directory or pattern that was asked for
}

func (s source) url() string { return s.store.URL(s.info.Key) }

// sources finds the objects that a URL means: those that match a pattern, those below a directory if recursive, or one object. There is at least one.
func (o *objectTools) sources(ctx context.Context, url string, recursive bool) ([]source, error) {
	store, key, err := o.open(ctx, url)
	if err != nil {
		return nil, err
	}
	var list []source
	found, base := objstore.Glob(ctx, store, key), baseOf(key)
	switch {
	case objstore.HasGlob(key):
	case recursive:
		base = asDirectory(key)
		found = store.List(ctx, base, objstore.ListOptions{})
	case key == asDirectory(key):
		return nil, usagef("'%s' is a directory: name an object or a pattern%s", url, hintRecursive)
	default:
		// The error of one object says more than an empty list.
		info, err := headOf(ctx, store, key)
		if err != nil {
			return nil, err
		}
		return []source{{store, info, info.Key[strings.LastIndexByte(info.Key, '/')+1:]}}, nil
	}
	for info, err := range found {
		if err != nil {
			return nil, err
		}
		list = append(list, source{store, info, info.Key[len(base):]})
	}
	if len(list) == 0 && recursive && key != base {
		if info, err := store.Head(ctx, key); err == nil { // an object rather than a directory
			base = baseOf(key)
			return []source{{store, info, key[len(base):]}}, nil
		}
	}
	if len(list) == 0 {
		return nil, nothingAt(store.URL(key))
	}
	return list, nil
}

// headOf finds the one object that a URL without pattern characters means: that of just this name, else that of the name without its escapes.
func headOf(ctx context.Context, store objstore.Store, key string) (objstore.Info, error) {
	info, err := store.Head(ctx, key)
	if text := objstore.GlobText(key); text != key && (objstore.KindOf(err) == objstore.NotFound || objstore.KindOf(err) == objstore.BadURL) {
		return store.Head(ctx, text)
	}
	return info, err
}

const hintRecursive = ", such as one that ends in **, for what is below it"

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore"
)

func (o *objectTools) headVerb() *cobra.Command {
	return &cobra.Command{
		Use: "head URL...", Short: "Show what a store knows about an object",
		Long: `Show the metadata of objects without their bytes: size, time of the last change, ETag, version, content type and encoding, storage class, and
the user metadata (x-amz-meta-…).`,
		Example: "  millstream s3 head s3://input/test.txt",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			for i, url := range args {
				if i > 0 {
					fmt.Fprintln(o.out)
				}
				if err := o.head(c.Context(), url); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (o *objectTools) head(ctx context.Context, url string) error {
	store, key, err := o.open(ctx, url)
	if err != nil {
		return err
	}
	var d objstore.Description
	if describer, ok := store.(objstore.Describer); ok {
		d, err = describer.Describe(ctx, key)
	} else {
		d.Info, err = store.Head(ctx, key)
	}
	if err != nil {
		return err
	}
	o.field("url", store.URL(key))
	o.field("size", strconv.FormatInt(d.Size, 10))
	if !d.ModTime.IsZero() {
		o.field("modified", d.ModTime.UTC().Format(time.RFC3339))
	}
	o.field("etag", d.ETag)
	o.field("version", d.VersionID)
	o.field("content-type", d.ContentType)
	o.field("content-encoding", d.ContentEncoding)
	o.field("storage-class", d.StorageClass)
	for _, name := range slices.Sorted(maps.Keys(d.UserData)) {
		o.field("x-amz-meta-"+name, d.UserData[name])
	}
	return nil
}

// field writes a line of head, if there is something to say.
func (o *objectTools) field(name, value string) {
	if value != "" {
		fmt.Fprintf(o.out, "%s  %s\n", pad(name, 16, false), o.visible(value))
	}
}

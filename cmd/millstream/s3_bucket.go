package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (o *objectTools) makeBucketVerb() *cobra.Command {
	return &cobra.Command{
		Use: "mb URL...", Short: "Create buckets; those that are there already stay as they are",
		Example: "  millstream s3 mb s3://input s3://testbucket",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			for _, url := range args {
				bucket, err := o.openBucket(url)
				if err != nil {
					return err
				}
				if err := o.client.MakeBucket(c.Context(), bucket); err != nil {
					return err
				}
				o.say("created", bucket)
			}
			return nil
		},
	}
}

func (o *objectTools) removeBucketVerb() *cobra.Command {
	return &cobra.Command{
		Use: "rb URL...", Short: "Delete empty buckets",
		Long:    "Delete buckets in which there is no object. To empty one: millstream s3 rm -r s3://BUCKET",
		Example: "  millstream s3 rb s3://testbucket",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			for _, url := range args {
				bucket, err := o.openBucket(url)
				if err != nil {
					return err
				}
				if err := o.client.RemoveBucket(c.Context(), bucket); err != nil {
					return err
				}
				o.say("deleted", bucket)
			}
			return nil
		},
	}
}

// say tells what was done to a bucket.
func (o *objectTools) say(done, bucket string) {
	if !o.quiet {
		fmt.Fprintln(o.err, done+" s3://"+bucket)
	}
}

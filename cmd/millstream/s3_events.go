package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

// watching is one call of events.
type watching struct {
	o     *objectTools
	poll  time.Duration
	limit int
	shown int
}

func (o *objectTools) eventsVerb() *cobra.Command {
	w := &watching{o: o}
	c := &cobra.Command{
		Use:   "events URL",
		Short: "Write what happens to the objects of a bucket, as JSON lines",
		Long: `Write what happens to the objects below a URL from now on, until Ctrl-C: each event a line, in the JSON of S3's notifications. MinIO and the
embedded store tell at once (ListenBucketNotification). For others, --poll lists the objects again and again, and shows what is new, changed or gone.`,
		Example: `  millstream s3 events s3://input
  millstream s3 events --poll 10s s3://input/2026/`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return w.run(c.Context(), args[0]) },
	}
	c.Flags().DurationVar(&w.poll, "poll", 0, "list the objects every `TIME`, such as 10s, rather than listen")
	c.Flags().IntVarP(&w.limit, "count", "n", 0, "end after `N` events; 0: never")
	return c
}

func (w *watching) run(ctx context.Context, url string) error {
	if w.poll < 0 || w.limit < 0 {
		return usagef("--poll and --count cannot be negative")
	}
	store, key, err := w.o.open(ctx, url)
	if err != nil {
		return err
	}
	if objstore.HasGlob(key) {
		return usagef("'%s' is a pattern: events are those below a name or directory", url)
	}
	if w.poll > 0 {
		return w.watch(ctx, store, key)
	}
	stream, err := objstore.Listen(ctx, store, key)
	if objstore.KindOf(err) == objstore.Unsupported {
		return fmt.Errorf("%w; say --poll 10s to look again and again", err)
	}
	if err != nil {
		return err
	}
	defer stream.Close()
	w.ready(store.URL(key))
	for !w.over() {
		list, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		if err := w.show(list); err != nil {
			return err
		}
	}
	return nil
}

// ready says that nothing is missed from now on.
func (w *watching) ready(url string) {
	if !w.o.quiet {
		fmt.Fprintln(w.o.err, "waiting for events of "+url)
	}
}

func (w *watching) over() bool { return w.limit > 0 && w.shown >= w.limit }

func (w *watching) show(list []event.Event) error {
	for i := range list {
		if w.over() {
			return nil
		}
		if _, err := fmt.Fprintf(w.o.out, "%s\n", event.Format(list[i:i+1])); err != nil {
			return err
		}
		w.shown++
	}
	return nil
}

// watch finds out by listings what happens.
func (w *watching) watch(ctx context.Context, store objstore.Store, prefix string) error {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(store.URL(""), "s3://"), "/")
	known, _, err := look(ctx, store, prefix, bucket, nil)
	if err != nil {
		return err
	}
	w.ready(store.URL(prefix))
	ticker := time.NewTicker(w.poll)
	defer ticker.Stop()
	for !w.over() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		var list []event.Event
		if known, list, err = look(ctx, store, prefix, bucket, known); err != nil {
			return err
		}
		if err := w.show(list); err != nil {
			return err
		}
	}
	return nil
}

// look lists what there is, by key, and compares it with what there was; of what is gone the time is that of the look. The first look, without a
// before, finds nothing new.
func look(ctx context.Context, store objstore.Store, prefix, bucket string, before map[string]objstore.Info) (map[string]objstore.Info, []event.Event, error) {
	now := map[string]objstore.Info{}
	var list []event.Event
	for info, err := range store.List(ctx, prefix, objstore.ListOptions{}) {
		if err != nil {
			return nil, nil, err
		}
		now[info.Key] = info
		old, was := before[info.Key]
		if before != nil && (!was || old.ETag != info.ETag || !old.ModTime.Equal(info.ModTime)) {
			list = append(list, event.Event{Name: "ObjectCreated:Put", Time: info.ModTime, Bucket: bucket, Key: info.Key, Size: info.Size, ETag: info.ETag})
		}
	}
	for key := range before {
		if _, is := now[key]; !is {
			list = append(list, event.Event{Name: "ObjectRemoved:Delete", Time: time.Now().UTC(), Bucket: bucket, Key: key})
		}
	}
	return now, list, nil
}

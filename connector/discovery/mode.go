package discovery

import (
	"context"
	"strings"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/kafka"
	"github.com/millstream/millstream/objstore/event/nats"
	"github.com/millstream/millstream/objstore/event/webhook"
	"github.com/millstream/millstream/setting"
)

// mode is a way to be told of what happens.
type mode struct {
	name    string
	options []*setting.Option
	open    event.Open
}

// modes are those in which a store sends its notifications somewhere; "poll" and "listen" need nothing but the store.
var modes = []mode{
	{"webhook", webhook.Options, webhook.Open},
	{"kafka", kafka.Options, kafka.Open},
	{"nats", nats.Options, nats.Open},
}

// Modes are the names of all ways to find out what happens.
func Modes() []string {
	names := []string{"poll", "listen"}
	for _, m := range modes {
		names = append(names, m.name)
	}
	return names
}

// Options are those of all modes.
func Options() (list []*setting.Option) {
	for _, m := range modes {
		list = append(list, m.options...)
	}
	return list
}

// Listen returns how a stream of notifications is opened in a mode; nil where there is none.
func Listen(name string, store objstore.Store, prefix string, values setting.Values) func(ctx context.Context, position []byte) (event.Stream, error) {
	for _, m := range modes {
		if m.name == name {
			return func(ctx context.Context, position []byte) (event.Stream, error) { return m.open(ctx, values, position) }
		}
	}
	if name == "listen" {
		return func(ctx context.Context, _ []byte) (event.Stream, error) { return objstore.Listen(ctx, store, prefix) }
	}
	return nil
}

// Bucket is a store's bucket, as notifications name it; empty where it has none.
func Bucket(store objstore.Store) string {
	_, rest, _ := strings.Cut(store.URL(""), "://")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

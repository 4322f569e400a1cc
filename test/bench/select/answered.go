package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/millstream/millstream/objstore"
)

// answered counts what the store has computed: a reader changes over to ranged GETs without a word, and those are not to be measured as queries.
type answered struct {
	objstore.Store
	endpoint                          string
	queries, asked, scanned, returned atomic.Int64
}

type answeredStream struct {
	objstore.SelectStream
	store *answered
	bytes int64 // of the range that was asked for
	ended bool
}

// Endpoint tells stores apart, so that what one run has measured is known to the next.
func (a *answered) Endpoint() string { return a.endpoint }

func (a *answered) Select(ctx context.Context, key string, q objstore.Selection) (objstore.SelectStream, error) {
	s, err := objstore.Select(ctx, a.Store, key, q)
	if err != nil {
		return nil, err
	}
	return &answeredStream{SelectStream: s, store: a, bytes: max(0, q.Scan.Length)}, nil
}

func (s *answeredStream) Read(p []byte) (int, error) {
	n, err := s.SelectStream.Read(p)
	s.store.returned.Add(int64(n))
	if errors.Is(err, io.EOF) && !s.ended {
		s.store.queries.Add(1)
		s.store.asked.Add(s.bytes)
		s.store.scanned.Add(s.Stats().Scanned)
		s.ended = true
	}
	return n, err
}

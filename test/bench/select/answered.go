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
	queries, asked, scanned, returned atomic.Int64
}

type answeredStream struct {
	objstore.SelectStream
	store *answered
	bytes int64 // of the range that was asked for
}

func (a *answered) Select(ctx context.Context, key string, q objstore.Selection) (objstore.SelectStream, error) {
	s, err := objstore.Select(ctx, a.Store, key, q)
	if err != nil {
		return nil, err
	}
	return &answeredStream{s, a, q.Scan.Length}, nil
}

func (s *answeredStream) Read(p []byte) (int, error) {
	n, err := s.SelectStream.Read(p)
	s.store.returned.Add(int64(n))
	if errors.Is(err, io.EOF) && s.bytes > 0 {
		s.store.queries.Add(1)
		s.store.asked.Add(s.bytes)
		s.store.scanned.Add(s.Stats().Scanned)
		s.bytes = 0
	}
	return n, err
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/millstream/millstream/objstore"
)

// readCounts reads lines of a word and its count.
func readCounts(data []byte, err error) (map[string]int64, error) {
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for line := range bytes.Lines(data) {
		word, number, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		n, err := strconv.ParseInt(string(number), 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("the line %q is not a word and its count", line)
		}
		if _, twice := counts[string(word)]; twice {
			return nil, fmt.Errorf("the word %q has two counts", word)
		}
		counts[string(word)] = n
	}
	return counts, nil
}

// compare checks that the objects below prefix hold the wanted counts.
func compare(ctx context.Context, s *store, prefix string, want map[string]int64) error {
	bucket := s.client.Bucket("testbucket")
	var all []byte
	for info, err := range bucket.List(ctx, prefix, objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		body, _, err := bucket.Get(ctx, info.Key, objstore.All)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(body)
		if err := body.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		all = append(all, data...)
	}
	got, err := readCounts(all, nil)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", prefix, s.name, err)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s of %s has %d words, the loop %d", prefix, s.name, len(got), len(want))
	}
	for word, n := range want {
		if got[word] != n {
			return fmt.Errorf("%s of %s counts %q %d times, the loop %d", prefix, s.name, word, got[word], n)
		}
	}
	return nil
}

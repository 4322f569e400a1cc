package disk

import (
	"context"
	"os"
	"strings"
)

// HasDir reports whether there is a directory of that name, empty or not: a listing does not show empty ones. Objects have no directories, so
// callers ask for this method by an interface of their own.
func (s *Store) HasDir(ctx context.Context, key string) (bool, error) {
	path := s.root
	if key = strings.TrimSuffix(key, "/"); key != "" {
		var err error
		if path, err = s.path(ctx, "list", key); err != nil {
			return false, err
		}
	}
	fi, err := os.Stat(path)
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, s.fail("list", key, err)
	}
	return fi.IsDir(), nil
}

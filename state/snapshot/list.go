package snapshot

import (
	"context"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// Found is a snapshot that a listing found.
type Found struct {
	URL      string
	Manifest *Manifest
	Err      error // why there is no manifest
}

// List finds the snapshots of a directory: the savepoints right below it, and the checkpoints of the jobs whose directories stand there or that it is
// itself.
func (d *Dir) List(ctx context.Context) ([]Found, error) {
	dirs := []string{d.Prefix}
	for info, err := range d.Store.List(ctx, d.Prefix, objstore.ListOptions{Delimiter: "/"}) {
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(info.Key, "/") && info.Key != d.Prefix+segmentsDir {
			dirs = append(dirs, info.Key)
		}
	}
	var list []Found
	for _, prefix := range dirs {
		sub := &Dir{d.Store, prefix, d.Codec}
		if _, err := sub.Store.Head(ctx, prefix+manifestOf); err == nil {
			m, err := sub.Load(ctx, manifestOf)
			list = append(list, Found{sub.URL(""), m, err})
		} else if !missing(err) {
			return nil, err
		}
		h, _, err := sub.ReadHead(ctx)
		if missing(err) {
			continue
		}
		if err != nil {
			list = append(list, Found{sub.URL(HeadName), nil, err})
			continue
		}
		for _, r := range h.Retained {
			m, err := sub.Load(ctx, r.Object)
			list = append(list, Found{sub.URL(r.Object), m, err})
		}
	}
	return list, nil
}

package filesystem

import (
	"context"
	"slices"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

var _ connector.Recoverer = (*sink)(nil)

// Recover discards the uploads of part files that earlier runs have begun and not completed, but for those that writers go on with. Where the store does not let uploads be listed, they
// are left to its lifecycle rules.
func (s *sink) Recover(ctx context.Context, runs []string, held []connector.Piece) error {
	kept := map[string]bool{}
	for _, piece := range held {
		if o, err := decodeOpen(piece); err == nil { // else it is another connector's
			kept[o.UploadID] = true
		}
	}
	var left []objstore.Pending
	for info, err := range s.store.Uploads(ctx, s.dir) {
		switch objstore.KindOf(err) {
		case objstore.Denied, objstore.Unsupported:
			return nil
		}
		if err != nil {
			return err
		}
		_, base, _ := cutLast(info.Key)
		of := func(run string) bool { return strings.HasPrefix(given(base), "part-"+run+"-") }
		if slices.ContainsFunc(runs, of) && !kept[info.UploadID] {
			left = append(left, objstore.Pending{Key: info.Key, UploadID: info.UploadID})
		}
	}
	return s.abort(ctx, left)
}

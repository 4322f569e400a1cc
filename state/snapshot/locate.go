package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// Locate finds the snapshot that a URL means: a manifest, the directory of a savepoint, or a job's directory, of which it is the newest
// checkpoint. It returns the directory and the manifest's name in it.
func Locate(ctx context.Context, objects *objstore.Resolver, url string, codec Codec) (d *Dir, name string, err error) {
	store, key, err := objects.Open(ctx, url)
	if err != nil {
		return nil, "", err
	}
	dir := strings.TrimRight(key, "/")
	if dir != key || dir == "" { // written as a directory
		return inside(ctx, &Dir{store, slash(dir), codec})
	}
	if _, err := store.Head(ctx, key); err == nil {
		at := strings.LastIndexByte(key, '/') + 1
		if key[at:] == HeadName {
			return inside(ctx, &Dir{store, key[:at], codec})
		}
		if key[at:] == flinkMetadata {
			return nil, "", &Error{Object: store.URL(key), Reason: "it is a savepoint or checkpoint of Apache Flink", Hint: flinkHint}
		}
		return &Dir{store, key[:at], codec}, key[at:], nil
	}
	return inside(ctx, &Dir{store, slash(dir), codec})
}

func slash(dir string) string {
	if dir == "" {
		return ""
	}
	return dir + "/"
}

// inside finds the snapshot of a directory.
func inside(ctx context.Context, d *Dir) (*Dir, string, error) {
	_, err := d.Store.Head(ctx, d.Prefix+manifestOf)
	if err == nil {
		return d, manifestOf, nil
	}
	if !missing(err) {
		return nil, "", err
	}
	h, _, err := d.ReadHead(ctx)
	switch {
	case err == nil && len(h.Retained) == 0:
		return nil, "", &Error{Object: d.URL(""), Reason: fmt.Sprintf("the job '%s' has no checkpoint there: it is %s", h.Job, h.State)}
	case err == nil:
		return d, h.Retained[len(h.Retained)-1].Object, nil
	case missing(err):
		if err := foreign(ctx, d); err != nil {
			return nil, "", err
		}
		return nil, "", &Error{Object: d.URL(""), Reason: "there is neither a savepoint nor a job's checkpoint",
			Hint: "name a manifest, the directory of a savepoint or the directory of a job's checkpoints"}
	}
	return nil, "", err
}

// flinkMetadata is the object by which Flink's savepoints and checkpoints are known.
const flinkMetadata = "_metadata"

const flinkHint = "state of Flink cannot be read here: start without it (--resume never) and let the job read its inputs again, or have Flink write what is wanted into tables"

// foreign finds out whether a directory holds a snapshot of Flink: right there, or as a job's checkpoints.
func foreign(ctx context.Context, d *Dir) error {
	found := &Error{Object: d.URL(flinkMetadata), Reason: "it is a savepoint or checkpoint of Apache Flink", Hint: flinkHint}
	_, err := d.Store.Head(ctx, d.Prefix+flinkMetadata)
	if err == nil {
		return found
	}
	if !missing(err) {
		return err
	}
	for info, err := range d.Store.List(ctx, d.Prefix+"chk-", objstore.ListOptions{Delimiter: "/"}) {
		if err != nil {
			return err
		}
		if !strings.HasSuffix(info.Key, "/") {
			continue
		}
		if _, err := d.Store.Head(ctx, info.Key+flinkMetadata); err == nil {
			found.Object, found.Reason = d.URL(""), "the directory holds checkpoints of Apache Flink"
			return found
		}
	}
	return nil
}

func missing(err error) bool { return objstore.KindOf(err) == objstore.NotFound }

// IsDamaged reports whether err says that a snapshot is not what was written, so that another one may do.
func IsDamaged(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Damaged || missing(err)
}

// JobDir is where the checkpoints of a job lie below the directory of all checkpoints.
func JobDir(job string) string {
	var b strings.Builder
	for i, c := range []byte(job) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02x", c)
		}
	}
	if b.Len() == 0 {
		return "job"
	}
	return b.String()
}

// OpenDir opens the directory that is to hold a savepoint, or a job's checkpoints.
func OpenDir(ctx context.Context, objects *objstore.Resolver, url string, codec Codec) (*Dir, error) {
	store, key, err := objects.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return &Dir{store, slash(strings.TrimRight(key, "/")), codec}, nil
}

// SaveAs writes a snapshot of its own, with all its segments.
func (d *Dir) SaveAs(ctx context.Context, m *Manifest, tables Tables) error {
	m.Kind = Savepoint
	return d.Save(ctx, manifestOf, "part", m, tables, nil, nil)
}

package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// Completing a multipart upload is how two-phase sinks commit, so its answer has to be true. The library
// alone answers "done" to a repeated request in three cases where nothing has been or will be done: while
// another request still assembles the object, after the store was killed in that, and for an upload that
// was aborted when any other object has its key. Hence here: one request at a time per upload, the
// library is asked only about uploads that exist, and a start puts back what a kill left behind.

// inProgress ends the name of an upload's directory, UPLOAD.TOKEN.inprogress, while it is assembled.
const inProgress = ".inprogress"

// Names that the library gives to what it remembers.
const (
	etagAttribute       = "etag"        // of an object
	partsAttribute      = "mp-metadata" // of an object made by a multipart upload: its id and its part sizes
	objectNameAttribute = "objname"     // of the directory that holds a key's uploads: the key, whose hash is its name
)

// CompleteMultipartUpload is idempotent: a repeated request succeeds if the object at the key is the one
// that this upload made.
func (b *diskBackend) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	var none s3response.CompleteMultipartUploadResult
	if err := checkUploadID(in.UploadId); err != nil {
		return none, "", err
	}
	if err := b.completing.enter(ctx, *in.UploadId); err != nil {
		return none, "", err
	}
	defer b.completing.leave(*in.UploadId)
	keyHash := fmt.Sprintf("%x", sha256.Sum256([]byte(*in.Key)))
	_, err := os.Stat(filepath.Join(*in.Bucket, posix.MetaTmpMultipartDir, keyHash, *in.UploadId))
	if !errors.Is(err, fs.ErrNotExist) {
		result, version, err := b.Posix.CompleteMultipartUpload(ctx, in)
		if err == nil && b.hub.active() {
			b.tellOfObject(ctx, "ObjectCreated:CompleteMultipartUpload", *in.Bucket, *in.Key, text(result.ETag), version)
		}
		return result, version, err
	}
	if !madeBy(b.attributes, *in.Bucket, *in.Key, *in.UploadId) {
		return none, "", s3err.GetNoSuchUploadErr(*in.UploadId)
	}
	value, err := b.attributes.RetrieveAttribute(nil, *in.Bucket, *in.Key, etagAttribute)
	if err != nil {
		return none, "", fmt.Errorf("read the ETag of a completed upload: %w", err)
	}
	etag := string(value)
	return s3response.CompleteMultipartUploadResult{Bucket: in.Bucket, Key: in.Key, ETag: &etag}, "", nil
}

// The library makes file names of upload ids as they come; these let nothing but its own ids through.

func (b *diskBackend) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	if err := checkUploadID(in.UploadId); err != nil {
		return err
	}
	return b.Posix.AbortMultipartUpload(ctx, in)
}

func (b *diskBackend) ListParts(ctx context.Context, in *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	if err := checkUploadID(in.UploadId); err != nil {
		return s3response.ListPartsResult{}, err
	}
	return b.Posix.ListParts(ctx, in)
}

func (b *diskBackend) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if err := checkUploadID(in.UploadId); err != nil {
		return nil, err
	}
	return b.Posix.UploadPart(ctx, in)
}

func (b *diskBackend) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	if err := checkUploadID(in.UploadId); err != nil {
		return s3response.CopyPartResult{}, err
	}
	if !filedSource(in.CopySource) {
		return s3response.CopyPartResult{}, errNoKey
	}
	return b.Posix.UploadPartCopy(ctx, in)
}

func checkUploadID(id *string) error {
	if id == nil {
		return s3err.GetNoSuchUploadErr("")
	}
	if parsed, err := uuid.Parse(*id); err != nil || parsed.String() != *id {
		return s3err.GetNoSuchUploadErr(*id)
	}
	return nil
}

// madeBy tells whether the object at the key is the one that the upload made.
func madeBy(attributes meta.MetadataStorer, bucket, key, uploadID string) bool {
	value, err := attributes.RetrieveAttribute(nil, bucket, key, partsAttribute)
	if err != nil {
		return false
	}
	parts, err := backend.UnmarshalMpUploadMetadata(value, false)
	return err == nil && parts.UploadID == uploadID
}

// recoverUploads deals with uploads whose completion was cut short by the end of the store: they go back
// to where they were, to be completed or aborted, unless their object already exists. The working
// directory is that of the buckets.
func recoverUploads(attributes meta.MetadataStorer) error {
	interrupted, err := fs.Glob(os.DirFS("."), path.Join("*", posix.MetaTmpMultipartDir, "*", "*"+inProgress))
	if err != nil {
		return err
	}
	for _, dir := range interrupted {
		bucket, inBucket, _ := strings.Cut(dir, "/")
		parent, name := path.Split(inBucket)
		uploadID, _, _ := strings.Cut(name, ".")
		key, err := attributes.RetrieveAttribute(nil, bucket, filepath.FromSlash(parent), objectNameAttribute)
		if err != nil {
			return fmt.Errorf("recover the upload %s: %w", dir, err)
		}
		if madeBy(attributes, bucket, string(key), uploadID) {
			err = errors.Join(os.RemoveAll(filepath.FromSlash(dir)), attributes.DeleteAttributes(bucket, filepath.FromSlash(inBucket)))
		} else {
			back := path.Join(parent, uploadID)
			err = errors.Join(
				attributes.RenameObject(bucket, filepath.FromSlash(inBucket), filepath.FromSlash(back)),
				os.Rename(filepath.FromSlash(dir), filepath.Join(bucket, filepath.FromSlash(back))))
		}
		if err != nil {
			return fmt.Errorf("recover the upload %s: %w", dir, err)
		}
	}
	return nil
}

// turns lets one request per upload pass at a time.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when the request leaves
}

func (t *turns) enter(ctx context.Context, id string) error {
	for {
		t.mu.Lock()
		left, taken := t.busy[id]
		if !taken {
			if t.busy == nil {
				t.busy = map[string]chan struct{}{}
			}
			t.busy[id] = make(chan struct{})
		}
		t.mu.Unlock()
		if !taken {
			return nil
		}
		select {
		case <-left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t *turns) leave(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.busy[id])
	delete(t.busy, id)
}

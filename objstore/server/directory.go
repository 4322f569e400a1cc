package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
)

// errLocked says that another process holds the lock.
var errLocked = errors.New("already locked")

// directory is a store's directory that this process owns until close.
type directory struct {
	root string // absolute
	lock *os.File
}

func (d *directory) buckets() string     { return filepath.Join(d.root, "buckets") }
func (d *directory) private() string     { return filepath.Join(d.root, ".millstream") }
func (d *directory) credentials() string { return filepath.Join(d.private(), "credentials") }
func (d *directory) attributes() string  { return filepath.Join(d.private(), "attributes") }

// openDirectory creates what is missing below root, checks that it can be written to and takes the lock.
// Only this user may enter: who can read the files needs no access key.
func openDirectory(root string) (*directory, error) {
	d := &directory{root: root}
	if err := os.MkdirAll(d.buckets(), 0o700); err != nil {
		return nil, directoryError(root, err)
	}
	if err := os.MkdirAll(d.private(), 0o700); err != nil {
		return nil, directoryError(root, err)
	}
	if err := checkWritable(d.buckets()); err != nil {
		return nil, directoryError(root, err)
	}
	lock, err := lockFile(filepath.Join(d.private(), "lock"))
	if err != nil {
		return nil, directoryError(root, err)
	}
	d.lock = lock
	return d, nil
}

func (d *directory) close() error { return d.lock.Close() }

func checkWritable(dir string) error {
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// backend opens the object storage below the directory and makes it the process's working directory.
func (d *directory) backend(opts Options) (*diskBackend, error) {
	extended := meta.XattrMeta{}
	attributes := compactAttributes{extended}
	if opts.attributeFiles || extended.Test(d.buckets()) != nil {
		if err := os.MkdirAll(d.attributes(), 0o700); err != nil {
			return nil, directoryError(d.root, err)
		}
		files, err := meta.NewSideCar(d.attributes())
		if err != nil {
			return nil, directoryError(d.root, err)
		}
		attributes = compactAttributes{files}
	}
	p, err := posix.New(d.buckets(), attributes, posix.PosixOpts{
		CopyObjectThreshold: 5 << 30, // bytes, S3's limit for one copy; zero would refuse every copy
		ForceNoObjLockFile:  ownsDirectory,
		ValidateBucketNames: true,
		// ETags are checksums that are computed anyway instead of MD5, which alone took half of the time
		// of a write. Clients may not rely on their form, and SDKs recognise the "-" in them.
		DataIntegrityEtag: true,
	})
	if err != nil {
		return nil, directoryError(d.root, err)
	}
	if err := recoverUploads(attributes); err != nil {
		p.Shutdown()
		return nil, directoryError(d.root, err)
	}
	return &diskBackend{Posix: p, tls: opts.CertFile != "", attributes: attributes, hub: newHub(), region: opts.Region, log: opts.Log}, nil
}

// directoryError says in one sentence why a directory cannot be a store.
func directoryError(root string, err error) error {
	var reason string
	switch {
	case errors.Is(err, errLocked):
		return fmt.Errorf("the store's directory %s is in use by another store: %w", root, err)
	case errors.Is(err, fs.ErrPermission):
		reason = "this user may not write there"
	case errors.Is(err, syscall.EROFS):
		reason = "its file system is read-only"
	case errors.Is(err, syscall.ENOTDIR):
		reason = "a file is in the way"
	case errors.Is(err, syscall.ENOSPC):
		reason = "its disk is full"
	default:
		return fmt.Errorf("the store cannot use the directory %s: %w", root, err)
	}
	return fmt.Errorf("the store cannot use the directory %s: %s (%w)", root, reason, err)
}

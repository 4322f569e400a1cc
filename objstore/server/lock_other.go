//go:build !unix

package server

import "os"

// ownsDirectory is false where no lock is taken: the backend then keeps lock files of its own, so that
// conditional writes stay atomic between processes.
const ownsDirectory = false

func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

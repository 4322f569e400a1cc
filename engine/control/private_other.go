//go:build !unix

package control

import "io/fs"

// private cannot be found out here: directories for temporary files are each user's own.
func private(fs.FileInfo) bool { return true }

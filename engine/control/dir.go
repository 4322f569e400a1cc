package control

import (
	"fmt"
	"os"
	"path/filepath"
)

// socketSuffix is what the names of sockets end with.
const socketSuffix = ".sock"

// runtimeDir is where the sockets of a user's jobs lie: in $XDG_RUNTIME_DIR, which the system makes for that, else in the directory for temporary
// files. It is made if it is not there.
func runtimeDir() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("millstream-jobs-%d", os.Getuid()))
	if base := os.Getenv("XDG_RUNTIME_DIR"); base != "" {
		dir = filepath.Join(base, "millstream-jobs")
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return "", fmt.Errorf("no directory for the sockets of jobs: %w", err)
	}
	info, err := os.Lstat(dir) // a link may lead to where others can write
	if err != nil {
		return "", fmt.Errorf("no directory for the sockets of jobs: %w", err)
	}
	if !info.IsDir() || !private(info) {
		return "", fmt.Errorf("%s must be a directory that belongs to you and that nobody else may enter (mode 0700): jobs are reached by it", dir)
	}
	return dir, nil
}

// socketName is the socket of a job in the directory. It is short, as the paths of sockets have at most about 100 bytes.
func socketName(id string) string { return id[:min(len(id), 16)] + socketSuffix }

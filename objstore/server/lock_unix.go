//go:build unix

package server

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ownsDirectory tells that lockFile excludes other processes, so that the backend need not.
const ownsDirectory = true

// lockPatience is how long a start waits for the lock of a store that is just ending, such as one whose
// parent was killed.
const lockPatience = time.Second

// lockFile takes an exclusive lock that ends when the file is closed or the process ends, however it
// does. The file holds the owner's process id, for the message that the next one gets.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(10 * time.Millisecond) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) || time.Now().After(deadline) {
			break
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		owner, readErr := os.ReadFile(path)
		return nil, errors.Join(fmt.Errorf("%w by process %s", errLocked, strings.TrimSpace(string(owner))), readErr, f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

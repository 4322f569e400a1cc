//go:build !unix

package disk

import (
	"io/fs"
	"sync"
)

// canSyncDir: a directory cannot be opened for writing here, and renames are journalled by the system.
const canSyncDir = false

// inode is unknown; size and modification time have to do.
func inode(fs.FileInfo) uint64 { return 0 }

func isNoSpace(err error) bool { return false }

var dirLocks sync.Map // directory → *sync.RWMutex

// lockDir excludes the writers of this process only: there is no lock on directories here.
func lockDir(dir string, exclusive bool) (unlock func(), err error) {
	l, _ := dirLocks.LoadOrStore(dir, new(sync.RWMutex))
	lock := l.(*sync.RWMutex)
	if exclusive {
		lock.Lock()
		return lock.Unlock, nil
	}
	lock.RLock()
	return lock.RUnlock, nil
}

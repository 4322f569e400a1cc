package disk_test

import (
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/disk"
	"github.com/millstream/millstream/objstore/storetest"
)

func open(t testing.TB, root string) *disk.Store {
	s, err := disk.New(root, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	roots := map[objstore.Store]string{}
	storetest.Run(t, storetest.Suite{
		Open: func(t testing.TB) objstore.Store {
			root := t.TempDir()
			s := open(t, root)
			roots[s] = root
			return s
		},
		Peer: func(t testing.TB, s objstore.Store) objstore.Store { return open(t, roots[s]) },
	})
}

package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"

	protocol "github.com/parquet-go/parquet-go/encoding/thrift"
	library "github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/connector/format"
)

// footerCache has footers of files without rows, by what their columns are: the library takes longer to make one than Plain to write some hundred rows.
type footerCache struct {
	mu        sync.Mutex
	byColumns map[string]*library.FileMetaData
}

var footers footerCache

// maxFooters bounds the cache, which begins anew when it is full.
const maxFooters = 1024

// of returns the footer of a file with the columns and no rows, of which others share what it refers to.
func (f *footerCache) of(c format.Config) (library.FileMetaData, error) {
	var key strings.Builder
	fmt.Fprint(&key, c.Options.Text(timestampUnit), c.Options.Bool(int64Timestamp), c.Options.Bool(utcTimezone), c.Zone)
	for _, column := range c.Columns {
		fmt.Fprintf(&key, " %q %s %t", column.Name, column.Type, column.Type.NotNull)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	meta := f.byColumns[key.String()]
	if meta == nil {
		var err error
		if meta, err = emptyFile(c); err != nil {
			return library.FileMetaData{}, err
		}
		if f.byColumns == nil || len(f.byColumns) == maxFooters {
			f.byColumns = map[string]*library.FileMetaData{}
		}
		f.byColumns[key.String()] = meta
	}
	return *meta, nil
}

// emptyFile returns the footer of a file with the columns and no rows.
func emptyFile(c format.Config) (*library.FileMetaData, error) {
	var out bytes.Buffer
	w, err := newFile(&out, c)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	data := out.Bytes()
	if len(data) < 2*len(magic)+4 {
		return nil, errors.New("an empty file has no footer")
	}
	end := len(data) - len(magic) - 4
	size := int(binary.LittleEndian.Uint32(data[end:]))
	meta := &library.FileMetaData{}
	err = protocol.Unmarshal(new(protocol.CompactProtocol), data[end-size:end], meta)
	return meta, err
}

package state

import (
	"strings"
	"sync"

	"github.com/millstream/millstream/column"
)

// Chunk is some rows of a table, with their ids and key groups. A large batch would have to be moved whenever it grows.
type Chunk struct {
	Rows   *column.Batch
	IDs    *column.Vector // BIGINT
	Groups *column.Vector // INT
	home   *sync.Pool
}

// chunkMemory has chunks that nobody reads any more, by what they are for and the types of their columns. New memory for each checkpoint would have to be cleared, and be touched for
// the first time.
var chunkMemory sync.Map // string → *sync.Pool

// reusedChunks is how many chunks of a table are kept for a checkpoint to come.
const reusedChunks = 64

// chunksFor returns the memory for chunks of a table for some purpose.
func chunksFor(purpose string, schema []column.Field) *sync.Pool {
	var key strings.Builder
	key.WriteString(purpose)
	for _, f := range schema {
		key.WriteString(f.Type.String())
		key.WriteByte(',')
	}
	pool, _ := chunkMemory.LoadOrStore(key.String(), new(sync.Pool))
	return pool.(*sync.Pool)
}

// newChunk returns an empty chunk with room for n rows.
func newChunk(home *sync.Pool, schema []column.Field, n int) Chunk {
	if c, ok := home.Get().(*Chunk); ok {
		return *c
	}
	return Chunk{
		Rows: column.NewBatch(schema, n), IDs: column.NewVector(column.Of(column.BigInt), n), Groups: column.NewVector(column.Of(column.Int), n), home: home,
	}
}

// IDList returns the rows' ids.
func (c *Chunk) IDList() []int64 { return column.Values[int64](c.IDs)[:c.IDs.Len] }

// GroupList returns the rows' key groups.
func (c *Chunk) GroupList() []int32 { return column.Values[int32](c.Groups)[:c.Groups.Len] }

// take copies living rows of a table, whose ids are given, to the end of the chunk.
func (c *Chunk) take(table Tracked, rows []int32, ids *rowIDs) {
	n := c.Rows.Len
	c.IDs.Resize(n + len(rows))
	ids.of(rows, column.Values[int64](c.IDs)[n:])
	c.Groups.Reserve(n + len(rows))
	groups := table.CopyRows(rows, c.Rows, column.Values[int32](c.Groups)[:n])
	c.Groups.Resize(len(groups))
	copy(c.GroupList(), groups) // to where they stand
}

func (c *Chunk) sizeBytes() int { return c.Rows.SizeBytes() + c.IDs.SizeBytes() + c.Groups.SizeBytes() }

// Release lets the rows of a checkpoint's table go once they are stored, so that later ones can have their memory. Nobody may read them any more. It leaves those
// of a checkpoint that was asked for in full, which may become a savepoint, too.
func (l *Layers) Release() {
	if l.whole {
		return
	}
	for i := range l.Chunks[:min(len(l.Chunks), reusedChunks)] {
		l.Chunks[i].Release()
	}
	l.Chunks = nil
}

// Gathered returns an empty chunk for n rows of others. Whoever has it releases it.
func Gathered(schema []column.Field, n int) Chunk {
	return newChunk(chunksFor("gather ", schema), schema, n)
}

// Release lets the chunk's memory go, so that another one can have it.
func (c Chunk) Release() {
	c.Rows.Reset()
	c.IDs.Reset()
	c.Groups.Reset()
	c.home.Put(&c)
}

package objstore

import "context"

// Saved is an upload as it was at some moment. It is plain data, so that a checkpoint can carry it and another process go on from there.
type Saved struct {
	Pending        // what the store has; without UploadID it has nothing yet
	Tail    []byte // what was written behind that
}

// Saver is implemented by uploads that others may go on with.
type Saver interface {
	// Save stores what was written so far and says how to go on from here; writing goes on. It returns nil for an upload that has to be sealed
	// instead, which stays as it is.
	Save(ctx context.Context) (*Saved, error)
}

// Resumer is implemented by stores whose uploads are each a [Saver].
type Resumer interface {
	// Resume goes on with an upload from where it was saved, as often as it is asked to. What was written to it behind that, or still is by a
	// process that does not know yet that it was replaced, is no part of the new upload, as long as it is no more than [SavedRoom] bytes. The new
	// upload may be another one, which then has the given key: what the old one holds is left to whoever no longer needs it. named is the key
	// that the upload has. One that is gone is [NotFound].
	Resume(ctx context.Context, s Saved, key string) (u Upload, named string, err error)
}

// SavedRoom is how much may be written to an upload behind Save, in bytes, if it is to be resumed from there.
const SavedRoom = 2 << 30

package doctor

import (
	"context"
	"math/rand/v2"

	"github.com/millstream/millstream/objstore"
)

// noise returns bytes that no store makes shorter.
func noise(n int) []byte {
	data := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	source.Read(data) //nolint:errcheck // never fails
	return data
}

// sealed uploads data as parts, and completes nothing yet.
func (e *exam) sealed(ctx context.Context, name string, data []byte) (objstore.Pending, error) {
	u, err := e.store.Create(ctx, e.key(name))
	if err != nil {
		return objstore.Pending{}, err
	}
	if _, err = u.Write(data); err == nil {
		var p objstore.Pending
		if p, err = u.Seal(ctx); err == nil {
			return p, nil
		}
	}
	e.giveUp(ctx, u)
	return objstore.Pending{}, err
}

// giveUp discards an upload after a failure, which is what counts; the clean-up looks for what is left.
func (e *exam) giveUp(ctx context.Context, u objstore.Upload) {
	_ = u.Abort(context.WithoutCancel(ctx))
}

// multipart writes an object of one whole part and one byte, as tables are written: invisible up to its completion.
func (e *exam) multipart(ctx context.Context) Finding {
	data := noise(partSize + 1)
	p, err := e.sealed(ctx, "parts", data)
	if err != nil {
		return failed("uploading parts of 5 MiB", err)
	}
	if _, err := e.store.Head(ctx, p.Key); objstore.KindOf(err) != objstore.NotFound {
		return e.aborting(ctx, p, lacks("an object is visible before its upload is completed"))
	}
	if _, err := e.store.Commit(ctx, p, objstore.Condition{}); err != nil {
		return e.aborting(ctx, p, failed("completing an upload", err))
	}
	same, err := e.same(ctx, "parts", data)
	switch {
	case err != nil:
		return failed("GET fails", err)
	case !same:
		return lacks("the object has other bytes than its parts")
	}
	small, err := e.smallParts(ctx)
	if err != nil {
		return works("in parts of 5 MiB; invisible before they are completed")
	}
	return works("in parts of 5 MiB; invisible before they are completed; %s", small)
}

// aborting discards an upload that has shown what is wrong.
func (e *exam) aborting(ctx context.Context, p objstore.Pending, f Finding) Finding {
	_ = e.store.Abort(context.WithoutCancel(ctx), p) // the clean-up looks for what is left
	return f
}

// smallParts finds out whether parts in the midst of an object may be shorter than S3 lets them be.
func (e *exam) smallParts(ctx context.Context) (string, error) {
	p, err := e.sealed(ctx, "small-parts", []byte("short"))
	if err != nil {
		return "", err
	}
	u, _, err := e.store.(objstore.Resumer).Resume(ctx, objstore.Saved{Pending: p, Tail: []byte("and the end")}, p.Key)
	if err != nil {
		e.aborting(ctx, p, Finding{})
		return "", err
	}
	p, err = u.Seal(ctx)
	if err != nil {
		e.giveUp(ctx, u)
		return "", err
	}
	if _, err := e.store.Commit(ctx, p, objstore.Condition{}); err != nil {
		e.aborting(ctx, p, Finding{})
		return "shorter parts are refused, as by S3", ctx.Err()
	}
	return "shorter parts are taken, too", nil
}

// openUploads goes on with an upload as after a restart: parts of different sizes, and numbers that are left out.
func (e *exam) openUploads(ctx context.Context) Finding {
	data := noise(2*partSize + 3)
	const first = partSize + 1
	u, err := e.store.Create(ctx, e.key("open"))
	if err != nil {
		return failed("beginning an upload", err)
	}
	var saved *objstore.Saved
	if _, err = u.Write(data[:first]); err == nil {
		saved, err = u.(objstore.Saver).Save(ctx)
	}
	if err != nil {
		e.giveUp(ctx, u)
		return failed("uploading a part", err)
	}
	resumed, _, err := e.store.(objstore.Resumer).Resume(ctx, *saved, saved.Key)
	if err != nil {
		e.giveUp(ctx, u)
		return failed("listing an upload's parts", err)
	}
	var p objstore.Pending
	if _, err = resumed.Write(data[first:]); err == nil {
		p, err = resumed.Seal(ctx)
	}
	if err != nil {
		e.giveUp(ctx, resumed)
		return failed("going on with an upload", err)
	}
	if _, err := e.store.Commit(ctx, p, objstore.Condition{}); err != nil {
		f := failed("completing an upload with part numbers left out", err)
		f.Advice = "" // a store that does not take this says the same as one that has lost a part
		return e.aborting(ctx, p, f)
	}
	same, err := e.same(ctx, "open", data)
	switch {
	case err != nil:
		return failed("GET fails", err)
	case !same:
		return lacks("the object has other bytes than its parts")
	}
	return works("an upload goes on where another process has left it")
}

// uploadList looks whether incomplete uploads are listed, and gone when they are aborted.
func (e *exam) uploadList(ctx context.Context) Finding {
	p, err := e.sealed(ctx, "left", []byte("left behind"))
	if err != nil {
		return failed("beginning an upload", err)
	}
	listed, err := e.uploads(ctx)
	if err != nil {
		return e.aborting(ctx, p, failed("listing uploads", err))
	}
	if !hasUpload(listed, p) {
		return e.aborting(ctx, p, lacks("the listing of uploads does not show one that is there"))
	}
	if err := e.store.Abort(ctx, p); err != nil {
		return failed("aborting an upload", err)
	}
	if listed, err = e.uploads(ctx); err != nil {
		return failed("listing uploads", err)
	}
	if hasUpload(listed, p) {
		return lacks("an upload that was aborted is still listed")
	}
	if _, err := e.store.Commit(ctx, p, objstore.Condition{}); err == nil {
		return lacks("an upload that was aborted can be completed")
	}
	return works("shows uploads under way, and no longer those that were aborted")
}

// uploads lists those of the examination.
func (e *exam) uploads(ctx context.Context) ([]objstore.PendingInfo, error) {
	var list []objstore.PendingInfo
	for info, err := range e.store.Uploads(ctx, e.dir) {
		if err != nil {
			return nil, err
		}
		list = append(list, info)
	}
	return list, nil
}

func hasUpload(list []objstore.PendingInfo, p objstore.Pending) bool {
	for _, u := range list {
		if u.Key == p.Key && u.UploadID == p.UploadID {
			return true
		}
	}
	return false
}

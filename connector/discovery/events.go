package discovery

import (
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

// grace is how long a listing leaves an object to the notifications, which know more of it.
const grace = 10 * time.Second

// afterGap is when a listing shows what the one before has left to notifications, by clocks that differ a little.
const afterGap = grace + time.Second

// PollEvents appends events that did not come before to list, like [Finder.Poll]. What notifications tell comes once, by key, version and sequencer. A listing
// makes an event of each object that no notification has told of, and has not shown before; should its notification come after all, it is left out.
// Listings do not show what was removed.
func (f *Finder) PollEvents(list []event.Event, most int) ([]event.Event, connector.Status, error) {
	if f.err != nil {
		return list, connector.Done, f.err
	}
	end := len(list) + most
	if f.err = f.nextNotice(); f.err != nil {
		return list, connector.Done, f.err
	}
	now := f.config.Now()
	for len(f.notice.events) > 0 && len(list) < end {
		e := &f.notice.events[0]
		if f.fresh(e, now) {
			list = append(list, *e)
		}
		f.notice.events = f.notice.events[1:]
	}
	f.endNotice()
	if len(list) < end {
		if f.err = f.nextPage(); f.err != nil {
			return list, connector.Done, f.err
		}
	}
	for len(f.page.objects) > 0 && len(list) < end {
		o := f.page.objects[0]
		f.page.objects = f.page.objects[1:]
		if e, ok := f.shown(&o, now); ok {
			list = append(list, e)
		}
	}
	f.endPage()
	return list, f.status(len(list) == end), nil
}

// fresh takes an event from a notification and reports whether it is new.
func (f *Finder) fresh(e *event.Event, now time.Time) bool {
	version := e.VersionID
	if version == "" {
		version = e.ETag
	}
	order := e.Sequencer
	if order == "" {
		order = e.Time.UTC().Format(time.RFC3339Nano)
	}
	if !f.seen.note(hashOf("told", e.Name, e.Key, version, order), now) {
		return false
	}
	if !e.Created() {
		return true
	}
	o := objstore.Info{Key: e.Key, ETag: e.ETag, ModTime: e.Time}
	f.seen.told(&o)
	_, listed := f.seen.set[hashOf("listed", e.Key, e.ETag)]
	return !listed
}

// shown makes the event of an object that a listing shows, if it is new.
func (f *Finder) shown(o *objstore.Info, now time.Time) (e event.Event, ok bool) {
	if f.config.Listen != nil && o.ModTime.UnixMilli() > f.seen.begun-grace.Milliseconds() {
		f.seen.cursor = o.Key
		return e, false
	}
	if !f.seen.listed(o) || !f.config.Existing && o.ModTime.UnixMilli() < f.seen.since {
		return e, false
	}
	if f.config.Listen != nil {
		f.seen.note(hashOf("listed", o.Key, o.ETag), now)
	}
	return event.Event{Name: "ObjectCreated:Put", Time: o.ModTime.UTC(), Bucket: f.config.Bucket, Key: o.Key, Size: o.Size, ETag: o.ETag, VersionID: o.VersionID}, true
}

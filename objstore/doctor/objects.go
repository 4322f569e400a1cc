package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// put writes a small object without a condition.
func (e *exam) put(ctx context.Context, name, text string) (objstore.Info, error) {
	return e.store.Put(ctx, e.key(name), []byte(text), objstore.Condition{})
}

// get reads a range of an object.
func (e *exam) get(ctx context.Context, name string, r objstore.Range) ([]byte, error) {
	body, _, err := e.store.Get(ctx, e.key(name), r)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// write writes an object and reads it back.
func (e *exam) write(ctx context.Context) Finding {
	const text = "to be or not to be"
	e.wrote = true // perhaps also where the answer is lost
	info, err := e.put(ctx, "small", text)
	if err != nil {
		return failed("PUT fails", err)
	}
	e.kept = info.VersionID
	if e.kept == "null" {
		e.kept = ""
	}
	data, err := e.get(ctx, "small", objstore.All)
	if err != nil {
		return failed("GET fails", err)
	}
	if string(data) != text {
		return lacks("GET gives other bytes than were written")
	}
	head, err := e.store.Head(ctx, e.key("small"))
	switch {
	case err != nil:
		return failed("HEAD fails", err)
	case head.Size != int64(len(text)):
		return lacks("HEAD tells %d bytes of an object that has %d", head.Size, len(text))
	case head.ETag != info.ETag && info.ETag != "":
		return lacks("PUT and HEAD give one object two ETags, %s and %s", info.ETag, head.ETag)
	}
	return works("PUT, GET and HEAD of an object")
}

// rounds is how often something is tried that may fail now and then.
const rounds = 10

// overwrite looks whether what is read is always what was written last, and whether its ETag changes with it.
func (e *exam) overwrite(ctx context.Context) Finding {
	last := ""
	for i := range rounds {
		text := fmt.Sprintf("round %d", i)
		if _, err := e.put(ctx, "again", text); err != nil {
			return failed("an object cannot be replaced", err)
		}
		data, err := e.get(ctx, "again", objstore.All)
		if err != nil {
			return failed("GET fails", err)
		}
		if string(data) != text {
			return lacks("in round %d of %d, GET gives what was there before", i+1, rounds)
		}
		info, err := e.store.Head(ctx, e.key("again"))
		if err != nil {
			return failed("HEAD fails", err)
		}
		if info.ETag == last {
			return lacks("the ETag stays the same when the bytes change")
		}
		last = info.ETag
	}
	return works("%d times, what is read is what was written last", rounds)
}

// ranges reads parts of an object.
func (e *exam) ranges(ctx context.Context) Finding {
	text := strings.Repeat("0123456789", 1000)
	if _, err := e.put(ctx, "ranges", text); err != nil {
		return failed("PUT fails", err)
	}
	n := int64(len(text))
	for _, r := range []objstore.Range{{Offset: 0, Length: 1}, {Offset: 4321, Length: 10}, {Offset: n - 7, Length: -1}, {Offset: n - 3, Length: 100}, {Offset: n, Length: 5}} {
		data, err := e.get(ctx, "ranges", r)
		if err != nil {
			return failed(fmt.Sprintf("bytes %d and further", r.Offset), err)
		}
		end := n
		if r.Length >= 0 {
			end = min(n, r.Offset+r.Length)
		}
		if string(data) != text[r.Offset:end] {
			return lacks("a range from byte %d on gives other bytes", r.Offset)
		}
	}
	return works("at the begin, in the middle, at the end and behind it")
}

// oddNames are parts of keys that stores and what stands before them get wrong.
var oddNames = []struct{ what, name string }{
	{"spaces", "a b"},
	{"letters of other scripts", "wörter 数"},
	{"%", "100%25"},
	{"+", "a+b"},
	{"= and &", "day=1&2"},
	{"quotes", `"it's"`},
	{"a segment ..", "a/../b"},
	{"an empty segment", "a//b"},
	{"a backslash", `a\b`},
	{"the name of a directory", nameOfDirectory},
}

// nameOfDirectory stands for an object whose name is also the begin of another's, up to a slash.
const nameOfDirectory = "both"

// keys writes, lists and reads objects with odd names.
func (e *exam) keys(ctx context.Context) Finding {
	var good, bad []string
	for _, odd := range oddNames {
		if e.takesKey(ctx, odd.name) {
			good = append(good, odd.what)
		} else {
			bad = append(bad, odd.what)
		}
		if ctx.Err() != nil {
			return failed("no answer", ctx.Err())
		}
	}
	if len(bad) == 0 {
		return works("with %s", strings.Join(good, ", "))
	}
	if len(good) == 0 {
		return lacks("refused or lost: %s", strings.Join(bad, ", "))
	}
	return lacks("refused or lost: %s; well kept: %s", strings.Join(bad, ", "), strings.Join(good, ", "))
}

// takesKey reports whether an object with a name is found under just this name, by GET and in a listing.
func (e *exam) takesKey(ctx context.Context, name string) bool {
	wanted := 1
	if name == nameOfDirectory {
		if _, err := e.put(ctx, "odd/"+name+"/below", name); err != nil {
			return false
		}
		wanted++
	}
	name = "odd/" + name
	if _, err := e.put(ctx, name, name); err != nil {
		return false
	}
	data, err := e.get(ctx, name, objstore.All)
	if err != nil || string(data) != name {
		return false
	}
	for info, err := range e.store.List(ctx, e.key("odd/"), objstore.ListOptions{}) {
		if err != nil {
			return false
		}
		if info.Key == e.key(name) || info.Key == e.key(name+"/below") {
			wanted--
		}
	}
	return wanted == 0
}

// names lists what is below a directory of the examination.
func (e *exam) names(ctx context.Context, dir string, opts objstore.ListOptions) ([]string, error) {
	var list []string
	for info, err := range e.store.List(ctx, e.key(dir), opts) {
		if err != nil {
			return nil, err
		}
		list = append(list, strings.TrimPrefix(info.Key, e.key(dir)))
	}
	return list, nil
}

// list looks whether listings show at once what was written and deleted, and in the order of the keys.
func (e *exam) list(ctx context.Context) Finding {
	for i := range rounds {
		name := fmt.Sprintf("%d", rounds-i)
		if _, err := e.put(ctx, "list/new/"+name, name); err != nil {
			return failed("PUT fails", err)
		}
		list, err := e.names(ctx, "list/new/", objstore.ListOptions{})
		switch {
		case err != nil:
			return failed("the listing fails", err)
		case len(list) != 1 || list[0] != name:
			return lacks("in round %d of %d, a listing does not show what was just written and deleted: it has %d objects of 1", i+1, rounds, len(list))
		}
		if err := e.store.Delete(ctx, e.key("list/new/"+name)); err != nil {
			return failed("deleting fails", err)
		}
	}
	want := []string{"A", "a b", "a!", "a/1", "a/2", "b", "ä"}
	slices.Sort(want)
	for i := range want {
		if _, err := e.put(ctx, "list/order/"+want[len(want)-1-i], "x"); err != nil {
			return failed("PUT fails", err)
		}
	}
	for _, c := range []struct {
		what string
		opts objstore.ListOptions
		want []string
	}{
		{"in the order of the keys", objstore.ListOptions{}, want},
		{"of one directory", objstore.ListOptions{Delimiter: "/"}, without(want, "a/1", "a/2", "a/")},
		{"from a key on", objstore.ListOptions{StartAfter: e.key("list/order/a/1")}, want[slices.Index(want, "a/1")+1:]},
	} {
		got, err := e.names(ctx, "list/order/", c.opts)
		if err != nil {
			return failed("a listing "+c.what, err)
		}
		if !slices.Equal(got, c.want) {
			return lacks("a listing %s gives %q, where %q are there", c.what, got, c.want)
		}
	}
	return works("at once what was written and deleted, %d times; in the order of the keys", rounds)
}

// without rolls two names up into a directory.
func without(names []string, a, b, dir string) []string {
	list := append([]string{dir}, names...)
	list = slices.DeleteFunc(list, func(n string) bool { return n == a || n == b })
	slices.Sort(list)
	return list
}

// remove deletes objects one by one and many at once.
func (e *exam) remove(ctx context.Context) Finding {
	var keys []string
	for i := range 5 {
		name := fmt.Sprintf("delete/%d & more", i)
		if _, err := e.put(ctx, name, name); err != nil {
			return failed("PUT fails", err)
		}
		keys = append(keys, e.key(name))
	}
	if err := e.store.Delete(ctx, keys[0]); err != nil {
		return failed("deleting an object", err)
	}
	if err := e.store.Delete(ctx, append(keys[1:], e.key("delete/never was"))...); err != nil {
		return failed("deleting several at once", err)
	}
	for _, key := range keys {
		if _, err := e.store.Head(ctx, key); objstore.KindOf(err) != objstore.NotFound {
			return lacks("what was deleted is still there")
		}
	}
	return works("one object, and several by one request")
}

// versions tells whether deleted objects stay.
func (e *exam) versions(context.Context) Finding {
	if e.kept == "" {
		return works("the bucket keeps none")
	}
	return limited("the bucket keeps old versions of objects")
}

// writeMarks looks whether a conditional write can be recognized by the one who has made it.
func (e *exam) writeMarks(ctx context.Context) Finding {
	if _, err := e.store.Put(ctx, e.key("mark"), []byte("x"), objstore.Condition{IfAbsent: true}); err != nil {
		return failed("a conditional PUT", err)
	}
	d, err := e.store.(objstore.Describer).Describe(ctx, e.key("mark"))
	if err != nil {
		return failed("HEAD fails", err)
	}
	if d.UserData["millstream-write"] == "" {
		return lacks("the store does not keep user metadata")
	}
	return works("user metadata is kept")
}

// same reports whether an object has just these bytes.
func (e *exam) same(ctx context.Context, name string, want []byte) (bool, error) {
	data, err := e.get(ctx, name, objstore.All)
	return bytes.Equal(data, want), err
}

package snapshot

import (
	"context"
	"fmt"
	"time"

	"github.com/millstream/millstream/objstore"
)

// Script says how far a script has come whose jobs run one after another.
type Script struct {
	Run     string    `json:"run"`  // of the script, from its first job to its end, in however many processes
	Done    int       `json:"done"` // how many of its jobs have ended, of those that have checkpoints
	Updated time.Time `json:"updated"`
}

const scriptName = "script"

// script is the object of a script. No job's directory has such a name.
func (d *Dir) script(id string) string { return d.Prefix + "=" + scriptName + "-" + id }

// ReadScript reads how far a script has come, from the directory of all checkpoints; nil if it has not begun.
func (d *Dir) ReadScript(ctx context.Context, id string) (*Script, error) {
	body, info, err := d.Store.Get(ctx, d.script(id), objstore.All)
	if objstore.KindOf(err) == objstore.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	url := d.Store.URL(d.script(id))
	if info.Size > maxHead {
		return nil, &Error{Object: url, Reason: "the object is far too large", Hint: scriptHint, Damaged: true}
	}
	data, err := readAll(body, info.Size)
	if err != nil {
		return nil, err
	}
	s := &Script{}
	if err := unseal(url, scriptName, data, s); err != nil {
		return nil, fmt.Errorf("%w; %s", err, scriptHint)
	}
	return s, nil
}

const scriptHint = "delete it and the script's jobs run from the first one on"

// WriteScript says how far a script has come.
func (d *Dir) WriteScript(ctx context.Context, id string, s *Script) error {
	s.Updated = time.Now().UTC()
	data, err := seal(scriptName, plainVersion, s)
	if err != nil {
		return err
	}
	_, err = d.Store.Put(ctx, d.script(id), data, objstore.Condition{})
	return err
}

// DeleteScript forgets a script.
func (d *Dir) DeleteScript(ctx context.Context, id string) error {
	return d.Store.Delete(ctx, d.script(id))
}

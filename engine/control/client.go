package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Job is a running job of this user.
type Job struct {
	Info
	client *http.Client
}

// List finds the running jobs of this user, the last started first.
func List(ctx context.Context) ([]*Job, error) {
	dir, err := runtimeDir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []*Job
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), socketSuffix) {
			continue
		}
		j, err := reach(ctx, filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if j != nil {
			list = append(list, j)
		}
	}
	slices.SortFunc(list, func(a, b *Job) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// reachPatience is how long a job may take to say who it is.
const reachPatience = 10 * time.Second

// reach asks the job of a socket who it is; nil if there is none any more. The socket of a process that died is removed.
func reach(ctx context.Context, path string) (*Job, error) {
	dialer := net.Dialer{}
	j := &Job{client: &http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "unix", path) },
		DisableKeepAlives: true,
	}}}
	ctx, cancel := context.WithTimeout(ctx, reachPatience)
	defer cancel()
	err := j.do(ctx, http.MethodGet, "/job", nil, &j.Info)
	switch {
	case err == nil:
		return j, nil
	case errors.Is(err, syscall.ECONNREFUSED):
		_ = os.Remove(path)
		return nil, nil
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF): // it ended meanwhile
		return nil, nil
	}
	return nil, fmt.Errorf("the job of the socket %s does not answer: %w", path, err)
}

// ErrNoJob says that no running job is meant.
var ErrNoJob = errors.New("no such job")

// Find finds the running job that has an id, an id that begins so, or a name.
func Find(ctx context.Context, name string) (*Job, error) {
	list, err := List(ctx)
	if err != nil {
		return nil, err
	}
	var found []*Job
	var known []string
	for _, j := range list {
		known = append(known, j.Name)
		switch {
		case j.ID == name:
			return j, nil
		case j.Name == name, name != "" && strings.HasPrefix(j.ID, name):
			found = append(found, j)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var ids []string
		for _, j := range found {
			ids = append(ids, j.ID)
		}
		return nil, fmt.Errorf("'%s' means several jobs: name one by its id, of %s", name, strings.Join(ids, ", "))
	case len(known) == 0:
		return nil, fmt.Errorf("%w: '%s' is not running, nor is any other job of yours on this machine", ErrNoJob, name)
	}
	return nil, fmt.Errorf("%w: '%s' is neither the id nor the name of a running job; there are %s", ErrNoJob, name, strings.Join(known, ", "))
}

// Savepoint takes a savepoint below a directory, by default the job's own one, and returns its path.
func (j *Job) Savepoint(ctx context.Context, dir string) (string, error) {
	return j.call(ctx, "/savepoint", request{Dir: dir})
}

// Stop ends the job with a savepoint and returns its path.
func (j *Job) Stop(ctx context.Context, drain bool, dir string) (string, error) {
	return j.call(ctx, "/stop", request{Dir: dir, Drain: drain})
}

// Cancel ends the job, and returns once it has ended.
func (j *Job) Cancel(ctx context.Context) error {
	_, err := j.call(ctx, "/cancel", request{})
	return err
}

func (j *Job) call(ctx context.Context, path string, r request) (string, error) {
	var a answer
	err := j.do(ctx, http.MethodPost, path, r, &a)
	return a.Path, err
}

func (j *Job) do(ctx context.Context, method, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://job"+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	resp, err := j.client.Do(req)
	if err != nil {
		if j.ID != "" {
			return fmt.Errorf("the job '%s' does not answer: %w", j.Name, err)
		}
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var a answer
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || a.Error == "" {
			return fmt.Errorf("the job '%s' answers %s", j.Name, resp.Status)
		}
		return errors.New(a.Error)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

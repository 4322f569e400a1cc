package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
)

// Info says which job it is.
type Info struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Status  durable.Status `json:"status"`
	Started time.Time      `json:"started"`
	PID     int            `json:"pid"`
	// Savepoints is where savepoints go that name no directory; empty if there is none.
	Savepoints string `json:"savepoints,omitempty"`
	// Checkpoint is the last one that was stored, with times in nanoseconds; nil if there is none.
	Checkpoint *durable.Completed `json:"checkpoint,omitempty"`
}

// request is the body of a request.
type request struct {
	Dir   string `json:"dir,omitempty"`
	Drain bool   `json:"drain,omitempty"`
}

// answer is the body of an answer but for that to a question for Info.
type answer struct {
	Path  string `json:"path,omitempty"`
	Error string `json:"error,omitempty"`
}

// maxBody bounds what a request may hold.
const maxBody = 1 << 16

// Serve lets other processes of this user reach a job until close is called. A job that cannot be reached, as there is no place for its socket, is an
// error that need not keep it from running.
func Serve(h *durable.Handle, info Info) (stop func(), err error) {
	dir, err := runtimeDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, socketName(info.ID))
	_ = os.Remove(path) // of a process that died; ids are never given twice
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	info.PID = os.Getpid()
	server := &http.Server{Handler: handler(h, info), ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // until it is shut down
	}()
	return func() {
		// Whoever has stopped the job waits for the answer.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // the socket goes with it
		}
		<-ended
	}, nil
}

func handler(h *durable.Handle, info Info) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /job", func(w http.ResponseWriter, _ *http.Request) {
		now := info
		now.Status, now.Checkpoint = h.Status(), h.LastCompleted()
		reply(w, http.StatusOK, now)
	})
	mux.HandleFunc("POST /savepoint", call(func(ctx context.Context, r request) (string, error) { return h.Savepoint(ctx, r.Dir) }))
	mux.HandleFunc("POST /stop", call(func(ctx context.Context, r request) (string, error) { return h.Stop(ctx, r.Drain, r.Dir) }))
	mux.HandleFunc("POST /cancel", call(func(ctx context.Context, _ request) (string, error) {
		h.Cancel()
		select {
		case <-h.Done():
			return "", nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}))
	return mux
}

// call answers a request by what f returns. Whoever asked may go away: what was begun is brought to its end.
func call(f func(context.Context, request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req request
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
			reply(w, http.StatusBadRequest, answer{Error: "the request cannot be read: " + err.Error()})
			return
		}
		path, err := f(context.WithoutCancel(r.Context()), req)
		switch {
		case errors.Is(err, job.ErrEnded):
			reply(w, http.StatusConflict, answer{Error: "the job has ended"})
		case err != nil:
			reply(w, http.StatusInternalServerError, answer{Error: err.Error()})
		default:
			reply(w, http.StatusOK, answer{Path: path})
		}
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // nobody may be listening any more
}

package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore/event"
)

const (
	sendTimeout = 30 * time.Second
	maxAnswer   = 1 << 10 // bytes of an answer that an error shows
)

// Sender posts notifications to one URL.
type Sender struct {
	url, token string
	client     http.Client
}

var _ event.Sender = (*Sender)(nil)

// NewSender returns a sender to a URL of http or https. A token, if there is one, goes into the header Authorization.
func NewSender(target, token string) (*Sender, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the webhook %q is not a URL such as http://127.0.0.1:9180/events", target)
	}
	if token != "" && !strings.HasPrefix(token, "Bearer ") {
		token = "Bearer " + token
	}
	return &Sender{url: target, token: token, client: http.Client{
		Timeout:   sendTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
		// A redirect would lose the body, and take the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send implements [event.Sender] by one request.
func (s *Sender) Send(ctx context.Context, list []event.Event) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(event.Format(list)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", s.token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("send a notification: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("send a notification: POST %s: %s: %s", s.url, resp.Status, bytes.TrimSpace(answer))
	case err != nil:
		return fmt.Errorf("send a notification: POST %s: read the answer: %w", s.url, err)
	}
	return nil
}

// Close implements [event.Sender].
func (s *Sender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

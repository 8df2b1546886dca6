package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// beside is what goes on while a server is measured.
type beside struct {
	end  func(answers int64) float64 // how it stood when so many events were answered, all in all
	stop func()
}

// applicationAddress is where the application listens that events are delivered to.
const applicationAddress = "127.0.0.1:18481"

// application takes what is delivered to it.
func application(string) (beside, error) {
	listener, err := net.Listen("tcp", applicationAddress)
	if err != nil {
		return beside{}, err
	}
	var taken atomic.Int64
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { taken.Add(1) })}
	go func() { _ = s.Serve(listener) }()
	return beside{
		end:  func(answers int64) float64 { return float64(answers - taken.Load()) },
		stop: func() { _ = s.Close() },
	}, nil
}

// followers are ten pages of the inspector that are open.
func followers(dir string) (beside, error) {
	const pages = 10
	key, err := inspectorKey(dir)
	if err != nil {
		return beside{}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var messages atomic.Int64
	var reading sync.WaitGroup
	stop := func() {
		cancel()
		reading.Wait()
	}
	for range pages {
		answer, err := ask(ctx, "stream", key)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = errors.New("the inspector answers " + answer.Status)
		}
		if err != nil {
			stop()
			return beside{}, err
		}
		reading.Go(func() {
			defer func() { _ = answer.Body.Close() }()
			lines := bufio.NewReader(answer.Body)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if strings.HasPrefix(line, "data: ") {
					messages.Add(1)
				}
			}
		})
	}
	return beside{
		end:  func(int64) float64 { return float64(messages.Load()) / pages },
		stop: stop,
	}, nil
}

// inspectorKey tries a key, so that the right one is made, and returns that.
func inspectorKey(dir string) (string, error) {
	answer, err := ask(context.Background(), "state", "wrong")
	if err != nil {
		return "", err
	}
	_ = answer.Body.Close()
	key, err := os.ReadFile(filepath.Join(dir, "caddy", "webhook_receiver", "inspector.key"))
	return strings.TrimSpace(string(key)), err
}

// ask asks the inspector for something.
func ask(ctx context.Context, what, key string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/inspect/api/"+what, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	return http.DefaultClient.Do(r)
}

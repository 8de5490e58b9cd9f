// Runs at the edge before the cache is asked (cloudfront-js-2.0): leads a visitor to the page, takes the prefix off the
// API's paths, and makes the session's cookie the header that the API reads. Where reads are closed (infra/edge/viewer.py
// says so), it refuses whoever shows nothing: answers from a time when they were open may still be in the cache.

var CLOSED = false;
var PAGE = '/dashboard/';
var API = '/api/';
var SESSIONS = '/api/sessions';
var COOKIE = '__Host-session';

function found(location) {
  return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: location } } };
}

// As the gateway says it.
function unauthorized() {
  return {
    statusCode: 401,
    statusDescription: 'Unauthorized',
    headers: { 'content-type': { value: 'application/json' }, 'cache-control': { value: 'no-store' } },
    body: { encoding: 'text', data: '{"message":"Unauthorized"}' }
  };
}

// A visitor has nothing before a session begins, and a browser shows nothing when it asks what it may send.
function isOpen(request) {
  return request.method === 'OPTIONS' || request.uri === SESSIONS || request.uri.startsWith(SESSIONS + '/');
}

function handler(event) {
  var request = event.request;
  var uri = request.uri;
  if (uri === '/' || uri === '/index.html' || uri === '/dashboard') {
    return found(PAGE);
  }
  if (uri === '/api') {
    return found(API);
  }
  if (uri === PAGE) {
    request.uri = PAGE + 'index.html';
  } else if (uri.startsWith(API)) {
    var session = request.cookies[COOKIE];
    if (session && session.value && !request.headers.authorization) {
      request.headers.authorization = { value: 'Bearer ' + session.value };
    }
    if (CLOSED && !request.headers.authorization && !isOpen(request)) {
      return unauthorized();
    }
    request.uri = uri.slice(API.length - 1);
  }
  return request;
}

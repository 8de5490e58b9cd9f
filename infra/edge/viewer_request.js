// Runs at the edge before the cache is asked (cloudfront-js-2.0): leads a visitor to the page, takes the prefix off the
// API's paths, and makes the session's cookie the header that the API reads.

var PAGE = '/dashboard/';
var API = '/api/';
var COOKIE = '__Host-session';

function found(location) {
  return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: location } } };
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
    request.uri = uri.slice(API.length - 1);
    var session = request.cookies[COOKIE];
    if (session && session.value && !request.headers.authorization) {
      request.headers.authorization = { value: 'Bearer ' + session.value };
    }
  }
  return request;
}

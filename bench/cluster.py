"""cluster - what others need for the pods of the cluster that KUBECONFIG names: kubectl, and the bare server. Used by bench/run."""
import concurrent.futures, http.client, json, os, re, shutil, socket, ssl, subprocess, tempfile, threading, time, urllib.parse


def kubectl_pods():
    """(how many pods, kubectl's wall ms, its MB), or None."""
    if not shutil.which('kubectl') or not os.environ.get('KUBECONFIG'):
        return None
    start = time.monotonic()
    with open(os.devnull, 'wb') as null, tempfile.TemporaryFile() as out:
        child = subprocess.Popen(['kubectl', 'get', 'pods', '-A', '--no-headers', '--request-timeout=20s'], stdout=out, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
        took = (time.monotonic() - start) * 1000
        out.seek(0)
        count = sum(1 for _ in out)
    return None if status or not count else (count, took, usage.ru_maxrss / 1024)


def ask(path):
    """The bytes of a Table, over a connection of its own."""
    server = urllib.parse.urlsplit(os.environ['PILOTHOUSE_PEER_KUBE_SERVER'])
    link = http.client.HTTPSConnection(server.hostname, server.port, context=ssl.create_default_context(cafile=os.environ['PILOTHOUSE_PEER_KUBE_CA']))
    link.request('GET', path, headers={'Authorization': 'Bearer ' + os.environ['PILOTHOUSE_PEER_KUBE_TOKEN'],
                                       'Accept': 'application/json;as=Table;v=v1;g=meta.k8s.io'})
    body = link.getresponse().read()
    link.close()
    return body


def floor():
    """(ms for the first page of 500 pods, ms for all namespaces' Tables side by side), the best of three; None: not a peer we know."""
    if not all(os.environ.get('PILOTHOUSE_PEER_KUBE_' + name) for name in ('SERVER', 'CA', 'TOKEN')):
        return None
    names = [row['cells'][0] for row in json.loads(ask('/api/v1/namespaces?includeObject=None'))['rows']]
    firsts, wholes = [], []
    for _ in range(3):
        start = time.monotonic()
        ask('/api/v1/pods?limit=500&includeObject=None')
        firsts.append((time.monotonic() - start) * 1000)
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: ask('/api/v1/namespaces/%s/pods?includeObject=None' % name), names))
        wholes.append((time.monotonic() - start) * 1000)
    return min(firsts), min(wholes)


class Relay:
    """Stands between a console and the server, plain on loopback, and notes when the server's first page of pods passes."""
    def __init__(self, folder):
        self.first_page = None
        self.context = ssl.create_default_context(cafile=os.environ['PILOTHOUSE_PEER_KUBE_CA'])
        self.server = urllib.parse.urlsplit(os.environ['PILOTHOUSE_PEER_KUBE_SERVER'])
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.kubeconfig = os.path.join(folder, 'kubeconfig')
        with open(self.kubeconfig, 'w') as out:
            json.dump({'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'relay',
                       'clusters': [{'name': 'relay', 'cluster': {'server': 'http://127.0.0.1:%d' % self.listener.getsockname()[1]}}],
                       'users': [{'name': 'relay', 'user': {'token': os.environ['PILOTHOUSE_PEER_KUBE_TOKEN']}}],
                       'contexts': [{'name': 'relay', 'context': {'cluster': 'relay', 'user': 'relay'}}]}, out)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = self.context.wrap_socket(socket.create_connection((self.server.hostname, self.server.port)), server_hostname=self.server.hostname)
        asked = ['']
        threading.Thread(target=self.pass_on, args=(client, link, lambda data: asked.__setitem__(0, data[:200])), daemon=True).start()
        self.pass_on(link, client, lambda data: self.note(asked[0], data))

    def note(self, asked, data):
        if self.first_page is None and data.startswith(b'HTTP/1.1 200') and re.match(rb'GET /api/v1/(namespaces/[^/]+/)?pods\?', asked):
            self.first_page = time.monotonic()

    def pass_on(self, source, sink, look):
        try:
            while data := source.recv(262144):
                look(data)
                sink.sendall(data)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.listener.close()

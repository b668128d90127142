"""cluster - what others need for the pods of the cluster that KUBECONFIG names: kubectl, and the bare server. Used by bench/run."""
import concurrent.futures, http.client, json, os, random, re, select, shutil, socket, ssl, subprocess, tempfile, threading, time, urllib.parse


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


def connect(seconds=None):
    server = urllib.parse.urlsplit(os.environ['PILOTHOUSE_PEER_KUBE_SERVER'])
    return http.client.HTTPSConnection(server.hostname, server.port, timeout=seconds,
                                       context=ssl.create_default_context(cafile=os.environ['PILOTHOUSE_PEER_KUBE_CA']))


def ask(path):
    """The bytes of a Table, over a connection of its own."""
    link = connect()
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


class Watch(threading.Thread):
    """Counts the changes of pods the server tells of, beside what is measured: others may work in the same cluster."""
    def __init__(self, seconds):
        super().__init__(daemon=True)
        self.changes, self.until = 0, time.monotonic() + seconds
        self.start()

    def run(self):
        now = json.loads(ask('/api/v1/pods?limit=1&includeObject=None'))['metadata']['resourceVersion']
        link = connect()
        link.request('GET', '/api/v1/pods?watch=1&resourceVersion=' + now, headers={
            'Authorization': 'Bearer ' + os.environ['PILOTHOUSE_PEER_KUBE_TOKEN'], 'Accept': 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'})
        answer = link.getresponse()
        while time.monotonic() < self.until:
            line = answer.readline()
            if not line:
                return
            self.changes += b'"BOOKMARK"' not in line[:40]


class Changes(threading.Thread):
    """Makes `rate` changes of pods a second, by as many connections at a time as it takes: the number of restarts, one up, at the next turn down again."""
    LINKS, PAGE, PAGES = 16, 250, 8

    def __init__(self, rate, seconds):
        super().__init__(daemon=True)
        self.rate, self.seconds = rate, seconds
        self.made, self.failed, self.pods = [0] * self.LINKS, [0] * self.LINKS, []
        link, more = connect(), ''
        for _ in range(self.PAGES):
            link.request('GET', '/api/v1/pods?limit=%d&continue=%s' % (self.PAGE, more), headers=self.headers('application/json'))
            page = json.load(link.getresponse())
            self.take(page['items'])
            more = urllib.parse.quote(page['metadata'].get('continue', ''))
            if not more:
                break
        random.Random(7).shuffle(self.pods)
        self.start()

    def take(self, pods):
        for pod in pods:
            status = pod['status']
            if status.get('phase') == 'Running' and len(status.get('containerStatuses', [])) == 1:
                self.pods.append([pod['metadata']['namespace'], pod['metadata']['name'], status['containerStatuses'][0], 0])

    def headers(self, accept):
        return {'Authorization': 'Bearer ' + os.environ['PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN'], 'Accept': accept, 'Content-Type': 'application/merge-patch+json'}

    def change(self, link, pod):
        pod[2]['restartCount'] += -1 if pod[3] else 1
        pod[3] = not pod[3]
        link.request('PATCH', '/api/v1/namespaces/%s/pods/%s/status' % (pod[0], pod[1]), body=json.dumps({'status': {'containerStatuses': [pod[2]]}}),
                     headers=self.headers('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'))
        answer = link.getresponse()
        answer.read()
        return answer.status == 200

    def work(self, which, began):
        link, turn, own = connect(), 0, self.pods[which::self.LINKS]
        while time.monotonic() - began < self.seconds:
            due = (turn * self.LINKS + which) / self.rate - (time.monotonic() - began)
            if due > 0:
                time.sleep(due)
            try:
                good = self.change(link, own[turn % len(own)])
            except (OSError, http.client.HTTPException):
                good, link = 0, connect()
            self.made[which] += good
            self.failed[which] += not good
            turn += 1
        for pod in own:
            if pod[3]:
                self.change(link, pod)

    def run(self):
        began = time.monotonic()
        threads = [threading.Thread(target=self.work, args=(i, began), daemon=True) for i in range(self.LINKS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


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
        """One thread for both ways: two in one TLS connection are not safe in Python before 3.13, and one link in a hundred hung."""
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = self.context.wrap_socket(socket.create_connection((self.server.hostname, self.server.port)), server_hostname=self.server.hostname)
        asked = b''
        try:
            while True:
                ready = [link] if link.pending() else select.select([client, link], [], [])[0]
                if client in ready:
                    data = client.recv(262144)
                    asked = data[:200] or asked
                    link.setblocking(True)
                    link.sendall(data)
                else:
                    link.setblocking(False)
                    try:
                        data = link.recv(262144)
                    except ssl.SSLWantReadError: # a ticket, no answer
                        continue
                    self.note(asked, data)
                    client.sendall(data)
                if not data:
                    break
        except OSError:
            pass
        client.close()
        link.close()

    def note(self, asked, data):
        if self.first_page is None and data.startswith(b'HTTP/1.1 200') and re.match(rb'GET /api/v1/(namespaces/[^/]+/)?pods\?', asked):
            self.first_page = time.monotonic()

    def close(self):
        self.listener.close()

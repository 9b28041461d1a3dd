using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm4Msr.Testing;

/// <summary>What was asked of a <see cref="TestServer"/>.</summary>
internal sealed record TestRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>What it says: a response in good order, or bytes written in any disorder.</summary>
internal sealed record TestResponse(string Body, int Status = 200, string ContentType = "application/json", string Headers = "", Action<Socket>? Write = null)
{
    public static TestResponse Of(JsonNode json) => new(json.ToJsonString());

    /// <summary>A head that promises JSON, then whatever <paramref name="write"/> does with the connection.</summary>
    /// <param name="length">Bytes that the head promises; null for chunks.</param>
    public static TestResponse Disorderly(int? length, Action<Socket> write) => new("", Write: socket =>
    {
        socket.Send(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + (length is { } l ? $"Content-Length: {l}\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n")));
        write(socket);
    });
}

/// <summary>A server on this machine that speaks HTTP by hand, so that it can also speak it wrongly. One request per connection.</summary>
internal sealed class TestServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<TestRequest, TestResponse> _answer;
    private readonly List<TestRequest> _requests = [];
    private readonly Lock _gate = new();
    private int _atOnce;

    public TestServer(Func<TestRequest, TestResponse> answer)
    {
        _answer = answer;
        _listener.Start(backlog: 128);
        new Thread(Listen) { IsBackground = true }.Start();
    }

    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"));

    public IReadOnlyList<TestRequest> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    /// <summary>The most requests that were being answered at the same time.</summary>
    public int MostAtOnce { get; private set; }

    public int CountOf(string path) => Requests.Count(r => r.Path == path);

    public void Dispose() => _listener.Dispose();

    private void Listen()
    {
        try
        {
            while (true)
            {
                var socket = _listener.AcceptSocket();
                new Thread(() => Serve(socket)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // the test is over
        }
    }

    private void Serve(Socket socket)
    {
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                if (Read(socket) is not { } request)
                    return;
                lock (_gate)
                {
                    _requests.Add(request);
                    MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
                }
                var response = _answer(request);
                lock (_gate)
                    _atOnce--;
                if (response.Write is { } write)
                {
                    write(socket);
                    return;
                }
                var body = Encoding.UTF8.GetBytes(response.Body);
                socket.Send(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                    $"HTTP/1.1 {response.Status} Status\r\nContent-Type: {response.ContentType}\r\n{response.Headers}Connection: close\r\nContent-Length: {body.Length}\r\n\r\n")));
                socket.Send(body);
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // whoever asked has gone
            }
        }
    }

    private static TestRequest? Read(Socket socket)
    {
        var bytes = new List<byte>();
        var buffer = new byte[8192];
        for (int read; (read = socket.Receive(buffer)) > 0;)
        {
            bytes.AddRange(buffer.AsSpan(0, read));
            var text = Encoding.UTF8.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                continue;
            var lines = text[..end].Split("\r\n");
            var headers = lines[1..].Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1], StringComparer.OrdinalIgnoreCase);
            var length = headers.TryGetValue("Content-Length", out var given) ? int.Parse(given, CultureInfo.InvariantCulture) : 0;
            if (bytes.Count >= Encoding.UTF8.GetByteCount(text[..end]) + 4 + length)
                return new TestRequest(lines[0].Split(' ')[0], lines[0].Split(' ')[1], headers, text[(end + 4)..]);
        }
        return null;
    }
}

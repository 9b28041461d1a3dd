using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Llm4Msr.Language.Tests.Catalogue;

/// <summary>How a server answers one request.</summary>
/// <param name="Status">Null: 206 where a range is asked for, else 200.</param>
/// <param name="Cut">So many bytes of the body are sent, then the connection is closed.</param>
/// <param name="Stall">After the bytes of <paramref name="Cut"/> nothing more comes, and the connection stays.</param>
internal sealed record Behaviour(int? Status = null, bool IgnoresRanges = false, int? Cut = null, bool Stall = false, string? Location = null, byte[]? Content = null, bool WithoutLength = false);

/// <summary>A server of one file on this machine that misbehaves as told, request by request; told nothing more, it behaves.</summary>
internal sealed class FileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<Behaviour> _behaviours;
    private readonly byte[] _content;
    private readonly CancellationTokenSource _stop = new();

    public FileServer(byte[] content, params Behaviour[] behaviours)
    {
        _content = content;
        _behaviours = new(behaviours);
        _listener.Start();
        _ = Task.Run(Serve);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Path, and first byte asked for or -1, of each request.</summary>
    public ConcurrentQueue<(string Path, long From)> Requests { get; } = [];

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private async Task Serve()
    {
        while (!_stop.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(() => Answer(client));
        }
    }

    private async Task Answer(TcpClient client)
    {
        using var _ = client;
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var path = (await reader.ReadLineAsync())!.Split(' ')[1];
        long from = -1;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            if (header.StartsWith("Range: bytes=", StringComparison.Ordinal))
                from = long.Parse(header["Range: bytes=".Length..^1], CultureInfo.InvariantCulture);
        }
        Requests.Enqueue((path, from));
        if (!_behaviours.TryDequeue(out var how))
            how = new();
        var whole = how.Content ?? _content;
        var ranged = from >= 0 && !how.IgnoresRanges;
        var status = how.Status ?? (ranged ? 206 : 200);
        var body = status is 200 or 206 ? whole[(ranged ? (int)from : 0)..] : [];
        var head = new StringBuilder($"HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
        if (!how.WithoutLength)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        if (status == 206)
            head.Append(CultureInfo.InvariantCulture, $"Content-Range: bytes {from}-{whole.Length - 1}/{whole.Length}\r\n");
        if (how.Location is not null)
            head.Append(CultureInfo.InvariantCulture, $"Location: {how.Location}\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
        await stream.WriteAsync(body.AsMemory(0, Math.Min(how.Cut ?? body.Length, body.Length)));
        await stream.FlushAsync();
        if (how.Stall)
            await Task.Delay(Timeout.Infinite, _stop.Token);
    }
}

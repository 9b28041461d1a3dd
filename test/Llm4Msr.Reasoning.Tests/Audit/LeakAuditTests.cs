using System.Text.Json.Nodes;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests.Audit;

/// <summary>Stores that keep to their protocol pass, and every planted leak is found.</summary>
public sealed class LeakAuditTests : IDisposable
{
    private const int Users = 20, RowsEach = 30, History = 4;

    private static readonly ReasoningOptions s_options = new() { History = History, Workers = 1 };

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(KnowledgeProtocol.PastOnly, SplitKind.User)]
    [InlineData(KnowledgeProtocol.PastOnly, SplitKind.Global)]
    [InlineData(KnowledgeProtocol.PastOnly, SplitKind.UserHoldout)]
    [InlineData(KnowledgeProtocol.TrainPart, SplitKind.User)]
    [InlineData(KnowledgeProtocol.TrainPart, SplitKind.Global)]
    [InlineData(KnowledgeProtocol.TrainPart, SplitKind.UserHoldout)]
    public void AStoreThatKeepsToItsProtocolIsProven(KnowledgeProtocol protocol, SplitKind split)
    {
        var data = Data(split);
        var report = Audit(data, Reasoned(data, protocol));

        Assert.Equal(LeakVerdict.NoLeak, report.Verdict);
        Assert.Empty(report.Findings);
        Assert.Equal((2, 0, 0), (report.Scenarios.Rederived, report.Scenarios.NotRederived, report.ScenariosOfOtherSplits));
        Assert.Equal((report.Snapshots, 0, 0), (report.Users.Rederived, report.Users.OtherRows, report.Users.NotRederived));
        Assert.InRange(report.Snapshots, Users, 2 * Users);
        Assert.Equal(0, report.ShareOfTestRows);
        Assert.True(report.Latest!.SmallestMargin >= 0 && report.Latest.Used <= report.Latest.AllowedThere);
        Assert.All(Enum.GetValues<Part>(), part => Assert.Equal(data.RanksOf(part).Length, report.Parts.Single(p => p.Part == part).Rows));
        Assert.True(report.Parts.Single(p => p.Part == Part.Test).WithKnowledge > 0);
        var training = report.Parts.Single(p => p.Part == Part.Training);
        Assert.Equal(protocol == KnowledgeProtocol.TrainPart, training.SeeThemselves > 0 && training.SeeTheirFuture > 0); // what the protocol's name hides
        Assert.Equal(protocol == KnowledgeProtocol.PastOnly, training.IsForbidden);
    }

    [Fact]
    public void KnowledgeOfTheWholePeriodLeaksAndTheRowsAreCounted()
    {
        var data = Data();
        var report = Audit(data, Reasoned(data, KnowledgeProtocol.WholePeriod));

        // The rows of each prompt, by hand: the newest T liked ones of each scenario.
        int[] self = new int[4], future = new int[4];
        var testRows = 0;
        for (var user = 0; user < Users; user++)
        {
            var own = Enumerable.Range(0, data.Interactions.Count).Where(rank => data.Interactions.User[rank] == user).ToList();
            var asked = own.Where(rank => data.Interactions.Positive[rank])
                .GroupBy(rank => data.Interactions.Scenario[rank]).SelectMany(g => g.TakeLast(History)).ToHashSet();
            foreach (var rank in own)
            {
                self[(int)data.Parts[rank]] += asked.Contains(rank) ? 1 : 0;
                future[(int)data.Parts[rank]] += asked.Max() > rank ? 1 : 0;
                testRows += data.Parts[rank] == Part.Test && (asked.Contains(rank) || asked.Max() > rank) ? 1 : 0;
            }
        }
        Assert.Equal(self, report.Parts.Select(p => p.SeeThemselves));
        Assert.Equal(future, report.Parts.Select(p => p.SeeTheirFuture));
        Assert.Equal(LeakVerdict.Leak, report.Verdict);
        Assert.Equal(0, report.FindingCount); // no prompt breaks the rule: the rule does
        Assert.Equal(report.Users.Rederived, report.Snapshots);
        Assert.Equal(testRows / (double)data.RanksOf(Part.Test).Length, report.ShareOfTestRows);
        Assert.True(testRows > 0);
    }

    [Theory]
    [InlineData(KnowledgeProtocol.PastOnly)]
    [InlineData(KnowledgeProtocol.TrainPart)]
    public void AWholePeriodStoreThatIsRelabelledLeaks(KnowledgeProtocol label)
    {
        var data = Data();
        var report = Audit(data, Changed(data, KnowledgeProtocol.WholePeriod, label, record => record));

        Assert.Equal(LeakVerdict.Leak, report.Verdict);
        Assert.Equal(Users, report.FindingCount);
        Assert.Matches($@"\AThe snapshot of the user '\d+' as of rank \d+ leaks: it holds the interaction of rank \d+, and with {label.Spelling()} none after \d+ may stand in a prompt of this user\.\z", report.Findings[0].Sentence);
    }

    [Fact]
    public void AWholePeriodStoreWithTheRanksOfAnotherProtocolLeaks()
    {
        var data = Data();
        var timeline = new UserTimeline(data.Interactions.User, Users);
        var report = Audit(data, Changed(data, KnowledgeProtocol.WholePeriod, KnowledgeProtocol.PastOnly, record => record.Key.Level == KnowledgeLevel.Scenario
            ? record : record with { AsOfRank = timeline.AsOfTenths(data.Encoder.Users.RowOf(record.Key.Id), 4)!.Value }));

        Assert.Equal(LeakVerdict.Leak, report.Verdict);
        Assert.Equal((0, Users), (report.Users.Rederived, report.Users.OtherRows));
        Assert.Equal(Users, report.FindingCount);
        Assert.All(report.Findings, finding => Assert.True(finding.Rank >= finding.AsOfRank));
        Assert.True(report.Parts.Single(p => p.Part == Part.Test).SeeThemselves > 0);
        Assert.True(report.Latest!.SmallestMargin < 0);
    }

    [Fact]
    public void OneLaterRowInOnePromptIsFoundByItsRank()
    {
        var data = Data();
        var victim = KnowledgeKey.ForUser("7");
        var timeline = new UserTimeline(data.Interactions.User, Users);
        var later = timeline.RanksOf(data.Encoder.Users.RowOf("7")).ToArray().Last(rank => data.Interactions.Positive[rank]);
        var path = Changed(data, KnowledgeProtocol.PastOnly, KnowledgeProtocol.PastOnly, record => record.Key != victim ? record : record with
        {
            PromptHash = Planted(data, timeline, record, later).Hash,
        });

        var report = Audit(data, path);

        Assert.Equal(LeakVerdict.Leak, report.Verdict);
        Assert.Equal((2, 0), (report.Users.OtherRows, report.Users.NotRederived));
        Assert.Equal([later, later], report.Findings.Select(f => f.Rank));
        Assert.All(report.Findings, f => Assert.Equal("user '7'", f.Key));
        Assert.Equal(FormattableString.Invariant($"The snapshot of the user '7' as of rank {report.Findings[0].AsOfRank} leaks: its prompt holds the interaction of rank {later}."), report.Findings[0].Sentence);
    }

    [Fact]
    public void APromptThatCannotBeWrittenAgainIsCountedApartAndProvesNothing()
    {
        var data = Data();
        var path = Changed(data, KnowledgeProtocol.PastOnly, KnowledgeProtocol.PastOnly, record =>
            record.Key == KnowledgeKey.ForUser("7") || record.Key == KnowledgeKey.ForScenario("feed") ? record with { PromptHash = FileHash.Of($"other words {record.AsOfRank}") } : record);

        var report = Audit(data, path);

        Assert.Equal(LeakVerdict.NotProven, report.Verdict);
        Assert.Equal((2, 1, 1), (report.Users.NotRederived, report.Scenarios.NotRederived, report.Scenarios.Rederived));
        Assert.Empty(report.Findings);
    }

    [Fact]
    public void PromptsOfATemplateOfOnesOwnAreWrittenAgainWithIt()
    {
        var data = Data();
        var mine = PromptTemplate.Parse(PromptTemplate.BuiltIn.Text.Replace("{title} [{category}]", "<{title}>", StringComparison.Ordinal), "mine");
        var path = Reasoned(data, KnowledgeProtocol.PastOnly, s_options with { Template = mine });

        var without = Audit(data, path);
        Assert.Equal((false, LeakVerdict.NotProven, 0), (without.IsTemplateKnown, without.Verdict, without.Users.Rederived));
        Assert.Equal((true, LeakVerdict.NoLeak), Audit(data, path, mine) is var with ? (with.IsTemplateKnown, with.Verdict) : default);
    }

    [Fact]
    public void PromptsWhoseOldestItemsDidNotFitAreWrittenAgainWithoutThem()
    {
        var data = Data();
        var model = new FakeLanguageModel(contextLength: 450);
        var path = Reasoned(data, KnowledgeProtocol.PastOnly, s_options with { MaxNewTokens = 1 }, model);
        using (var store = KnowledgeStore.OpenForReading(path))
            Assert.Contains(store.Records(), r => r.CutItems > 0);

        Assert.Equal(LeakVerdict.NoLeak, Audit(data, path).Verdict);
    }

    [Theory]
    [InlineData(8, KnowledgeProtocol.TrainPart, LeakVerdict.NoLeakAsDeclared)]
    [InlineData(9, KnowledgeProtocol.TrainPart, LeakVerdict.Leak)]
    [InlineData(8, KnowledgeProtocol.PastOnly, LeakVerdict.NoLeakAsDeclared)]
    [InlineData(10, KnowledgeProtocol.PastOnly, LeakVerdict.Leak)]
    [InlineData(10, KnowledgeProtocol.WholePeriod, LeakVerdict.Leak)]
    public void VectorsWithoutPromptsAreBelievedAndTheirRanksAreChecked(int tenths, KnowledgeProtocol protocol, LeakVerdict expected)
    {
        var data = Data();
        var timeline = new UserTimeline(data.Interactions.User, Users);
        var path = Written(data, Fingerprint(protocol) with { TemplateHash = "" }, Enumerable.Range(0, Users).Select(user => new KnowledgeRecord
        {
            Key = KnowledgeKey.ForUser(data.Encoder.Users.Keys[user]),
            AsOfRank = timeline.AsOfTenths(user, tenths)!.Value,
            AsOfTime = 0,
            PromptHash = FileHash.Of("vectors"),
            Text = "",
            Vectors = [.. s_options.States.Select(_ => new float[] { 1, 2, 3, 4 })],
        }));

        var report = Audit(data, path);

        Assert.Equal((expected, false, 0, Users), (report.Verdict, report.HasPrompts, report.Users.Total, report.Snapshots));
        Assert.Equal(protocol == KnowledgeProtocol.WholePeriod || expected == LeakVerdict.NoLeakAsDeclared ? 0 : Users, report.FindingCount);
    }

    [Fact]
    public void TwoSnapshotsWhereOneIsMeantAreAFinding()
    {
        var data = Data();
        var report = Audit(data, Changed(data, KnowledgeProtocol.PastOnly, KnowledgeProtocol.TrainPart, record => record));

        Assert.Equal((LeakVerdict.Leak, Users), (report.Verdict, report.FindingCount));
        Assert.Contains("it is one of 2 snapshots, and train-part means one", report.Findings[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatARunReadsIsComparedWithTheRule()
    {
        var data = Data();
        var path = Reasoned(data, KnowledgeProtocol.PastOnly);
        using var store = KnowledgeStore.OpenForReading(path);
        var table = KnowledgeTable.Read(store, store.Fingerprint.States[0], data.Description.TrainingPartHash);

        Assert.Equal(LeakVerdict.NoLeak, LeakAudit.Of(data, store, PromptTemplate.BuiltIn, table).Verdict);

        using var other = KnowledgeStore.OpenForReading(Reasoned(data, KnowledgeProtocol.TrainPart));
        var refused = Assert.Throws<Llm4MsrException>(() => LeakAudit.Of(data, other, PromptTemplate.BuiltIn, table));
        Assert.Equal(FaultKind.Damaged, refused.Kind);
    }

    [Fact]
    public void AStoreOfOtherInteractionsIsRefused()
    {
        var path = Reasoned(Data(), KnowledgeProtocol.PastOnly);
        var other = SampleLogs.Prepare(_scratch, [.. Rows().SkipLast(1)]);

        var refused = Assert.Throws<Llm4MsrException>(() => Audit(other, path));

        Assert.Equal(FaultKind.Damaged, refused.Kind);
        Assert.Contains("Name the data that it was made from.", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Prompts that were written from counts of more than the training part are written again alike; only the rows tell.</summary>
    [Theory]
    [InlineData("users", "users"), InlineData("items", "items"), InlineData("overlappingUsers", "users of all scenarios"), InlineData("overlappingItems", "items of all scenarios")]
    [InlineData("scenarios.1.interactions", "interactions")]
    public void AScenarioPromptThatCountsMoreThanTheTrainingPartLeaks(string key, string what)
    {
        Data();
        var folder = Directory.GetDirectories(Path.GetDirectoryName(_scratch["data"])!, "data-*").Single();
        var description = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "data.json")))!;
        var path = key.Split('.');
        JsonNode counts = path[..^1].Aggregate(description["training"]!, (node, part) => int.TryParse(part, out var index) ? node[index]! : node[part]!);
        var honest = counts[path[^1]]!.GetValue<int>();
        counts[path[^1]] = honest + 1;
        File.WriteAllText(Path.Combine(folder, "data.json"), description.ToJsonString());
        FolderManifest.Write(folder, InteractionDataset.Format);

        var data = InteractionDataset.Open(folder);
        var report = Audit(data, Reasoned(data, KnowledgeProtocol.PastOnly));

        Assert.Equal(LeakVerdict.Leak, report.Verdict);
        Assert.Equal(key.StartsWith("scenarios", StringComparison.Ordinal) ? 1 : 2, report.FindingCount);
        Assert.EndsWith($"its prompt counts {honest + 1} {what}, and the training part has {honest}.", report.Findings[^1].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void ScenariosOfAnotherSplitAreLeftOut()
    {
        var data = Data();
        var report = Audit(Data(SplitKind.UserHoldout), Reasoned(data, KnowledgeProtocol.PastOnly));

        Assert.Equal((2, 0, LeakVerdict.NoLeak), (report.ScenariosOfOtherSplits, report.Scenarios.Total, report.Verdict));
    }

    /// <summary>Every user likes most of what is shown, in both scenarios, and no item twice.</summary>
    private static List<(int User, int Item, int Scenario, bool Liked)> Rows() =>
        [.. Enumerable.Range(0, Users * RowsEach).Select(k => (User: k % Users + 1, Item: k % 31 + 1, Scenario: k / Users % 2, Liked: k % 7 > 0))];

    private InteractionDataset Data(SplitKind split = SplitKind.User) => SampleLogs.Prepare(_scratch, Rows(), split: new SplitOptions(split));

    private string Reasoned(InteractionDataset data, KnowledgeProtocol protocol, ReasoningOptions? options = null, FakeLanguageModel? model = null)
    {
        options = (options ?? s_options) with { Protocol = protocol };
        model ??= new FakeLanguageModel();
        var path = _scratch[$"{Guid.NewGuid():N}.db"];
        using var store = KnowledgeStore.OpenForWriting(path, KnowledgeReasoner.FingerprintOf(model, options), data.Description.InteractionsHash);
        var plan = ReasoningPlan.Of(data, Questions.Of(data, model, options), store, earlier: null, options);
        KnowledgeReasoner.Run(data, model, plan, store, null, options, TestContext.Current.CancellationToken);
        return path;
    }

    private static KnowledgeFingerprint Fingerprint(KnowledgeProtocol protocol) => KnowledgeReasoner.FingerprintOf(new FakeLanguageModel(), s_options with { Protocol = protocol });

    /// <summary>A store as <paramref name="made"/> makes it, with another label and other records.</summary>
    private string Changed(InteractionDataset data, KnowledgeProtocol made, KnowledgeProtocol label, Func<KnowledgeRecord, KnowledgeRecord> change)
    {
        using var honest = KnowledgeStore.OpenForReading(Reasoned(data, made));
        return Written(data, Fingerprint(label), honest.Records().Select(change));
    }

    private string Written(InteractionDataset data, KnowledgeFingerprint fingerprint, IEnumerable<KnowledgeRecord> records)
    {
        var path = _scratch[$"{Guid.NewGuid():N}.db"];
        using var store = KnowledgeStore.OpenForWriting(path, fingerprint, data.Description.InteractionsHash);
        store.Append([.. records]);
        return path;
    }

    private static Prompt Planted(InteractionDataset data, UserTimeline timeline, KnowledgeRecord record, int later)
    {
        var history = UserHistory.Of(data.Interactions, timeline, data.Encoder.Users.RowOf(record.Key.Id), (int)record.AsOfRank, 2, History);
        return new PromptBuilder(data, PromptTemplate.BuiltIn).ForUser(history with
        {
            Liked = [new LikedItem(later, data.Interactions.Scenario[later], data.Interactions.Item[later]), .. history.Liked],
        });
    }

    private static LeakReport Audit(InteractionDataset data, string path, PromptTemplate? template = null)
    {
        using var store = KnowledgeStore.OpenForReading(path);
        return LeakAudit.Of(data, store, template ?? PromptTemplate.BuiltIn);
    }
}

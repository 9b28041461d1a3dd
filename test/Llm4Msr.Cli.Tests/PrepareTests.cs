using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

public sealed class PrepareTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("user")]
    [InlineData("global")]
    [InlineData("user-holdout")]
    [InlineData("user-holdout", "--fold", "2/5")]
    public void TheSameLogsGiveTheSameBytes(params string[] split)
    {
        var first = Prepare("one", split).Json;
        Prepare("two", split);

        Assert.Equal(FolderState.Of(_scratch["one"]), FolderState.Of(_scratch["two"]));
        Assert.Equal(SmallMovieLens.Users * SmallMovieLens.RatingsEach, first.GetProperty("all").GetProperty("interactions").GetInt32());
        Assert.Equal(split[0], first.GetProperty("split").GetProperty("kind").GetString());
    }

    [Fact]
    public void EveryUserIsHeldOutInOneFoldOfFive()
    {
        var tested = Enumerable.Range(1, 5).SelectMany(fold =>
        {
            Prepare($"fold{fold}", "user-holdout", "--fold", $"{fold}/5");
            return UsersOf(_scratch[$"fold{fold}"], Part.Test);
        });

        Assert.Equal(Enumerable.Range(1, SmallMovieLens.Users).Select(u => $"{u}").Order(StringComparer.Ordinal), tested.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ASeedDrawsWhoIsHeldOut()
    {
        Prepare("one", "user-holdout");
        Prepare("two", "user-holdout", "--split-seed", "2");

        Assert.NotEqual(UsersOf(_scratch["one"], Part.Test), UsersOf(_scratch["two"], Part.Test));
    }

    [Fact]
    public void AHoldoutFileSaysWhoIsHeldOut()
    {
        File.WriteAllText(_scratch["held.json"], """{"test": [3, "17"], "validation": [20]}""");

        Prepare("data", "user-holdout", "--holdout", _scratch["held.json"]);

        Assert.Equal(["3", "17"], UsersOf(_scratch["data"], Part.Test).OrderBy(u => u.Length));
        Assert.Equal(["20"], UsersOf(_scratch["data"], Part.Validation));
    }

    [Theory]
    [InlineData("""{"test": [3]}""", "does not name held-out users (The given key was not present in the dictionary.). Expected: {\"test\": [1, 2], \"validation\": [3]}.")]
    [InlineData("""{"test": [3], "validation": [99]}""", null)]
    public void AHoldoutFileThatDoesNotFitIsRefused(string content, string? problem)
    {
        File.WriteAllText(_scratch["held.json"], content);

        var run = CommandRun.Of("prepare", "ml-100k", small.Logs, "--out", _scratch["data"], "--split", "user-holdout", "--holdout", _scratch["held.json"]);

        run.AssertFails(FaultKind.BadInput, problem is null
            ? "The held-out user '99' is not in the data. Name users as the data does."
            : $"'{_scratch["held.json"]}' {problem}");
        Assert.Equal(["held.json"], FolderState.Of(_scratch.Root).Keys);
    }

    [Theory]
    [InlineData("--split", "user")]
    [InlineData("--split", "user-holdout", "--holdout", "held.json")]
    public void ASeedThatDrawsNothingIsRefused(params string[] split) =>
        CommandRun.Of(["prepare", "ml-100k", small.Logs, "--out", _scratch["data"], "--split-seed", "2", .. split])
            .AssertFails(FaultKind.Usage, "--split-seed draws the users that are held out; it goes with --split user-holdout, without --holdout.");

    [Fact]
    public void TheTableHasTheDatasOwnNumbers()
    {
        var run = CommandRun.Succeeding("prepare", "ml-100k", small.Logs, "--out", _scratch["data"]);

        var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_scratch["data"], "data.json"))).RootElement;
        foreach (var (scenario, k) in SmallMovieLens.Scenarios.Select((s, k) => (s, k)))
        {
            var counts = json.GetProperty("all").GetProperty("scenarios")[k];
            string[] cells = Row(run.Output, scenario);
            Assert.Equal([counts.GetProperty("users").ToString(), counts.GetProperty("items").ToString(), counts.GetProperty("interactions").ToString()], cells[..3]);
        }
        Assert.Equal([$"{SmallMovieLens.Users}", $"{SmallMovieLens.Items}", "1,200"], Row(run.Output, "in any"));
        Assert.Contains("Split user: 960 training, 120 validation, 120 test.", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Errors);

        static string[] Row(string output, string name) => output.Split('\n').Single(l => l.Trim().StartsWith(name, StringComparison.Ordinal))
            .Trim()[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    [Theory]
    [InlineData("web,app,app", "5,1,5", 0, "In the scenario 'web' every row is clicked: nothing can be learned or measured there. Is the label right? For logs of clicks alone, sample negatives.\nNo item has a title or a category: prompts cannot say what users liked. For knowledge, name a table of items with 'title' and 'category' in the configuration.\n")]
    [InlineData("web,app,app", "1,1,5", 0, "In the scenario 'web' no row is clicked: nothing can be learned or measured there. Is the label right? For logs of clicks alone, sample negatives.\nNo item has a title or a category: prompts cannot say what users liked. For knowledge, name a table of items with 'title' and 'category' in the configuration.\n")]
    [InlineData("web,web,web", "1,1,5", 4, "error: The scenario 'app' has no interactions. Correct its rule, or leave the scenario out.\n")]
    [InlineData("web,,app", "5,1,5", 4, "error: FILE: 1 of 3 rows cannot be used, more than the 1 % allowed. Line 3: the scenario (place) is '', expected one of web, app. All of them, with line and reason, are in REJECTED. Correct the file or its description, or allow more with --max-rejected.\n")]
    public void AScenarioWithoutRowsOrWithRowsOfOneClassOrOfNoNameIsTold(string places, string ratings, int code, string told)
    {
        File.WriteAllText(_scratch["log.csv"], "user,item,rating,time,place\n" + string.Concat(places.Split(',').Zip(ratings.Split(','), (place, rating) => $"1,10,{rating},100,{place}\n")));
        File.WriteAllText(_scratch["import.json"], """
            {
              "name": "shop",
              "platform": {"name": "Shop", "description": "", "users": "people", "items": "things", "behavior": "liked"},
              "scenarios": [{"name": "web", "description": ""}, {"name": "app", "description": ""}],
              "interactions": [{"file": "log.csv", "scenario": {"column": "place"}, "user": "user", "item": "item", "label": "rating > 3", "time": {"column": "time"}}],
              "split": {"kind": "global"}
            }
            """);

        var run = CommandRun.Of("prepare", _scratch["import.json"], "--out", _scratch["data"]);

        Assert.Equal((code, told), (run.Code, run.Errors.Replace(_scratch["log.csv"], "FILE", StringComparison.Ordinal).Replace(_scratch["data.rejected.csv"], "REJECTED", StringComparison.Ordinal)));
        Assert.Equal(code == 0, Directory.Exists(_scratch["data"]));
    }

    [Fact]
    public void WhatIsThereIsKeptUnlessItIsToBeReplaced()
    {
        Prepare("data", "user");
        var before = FolderState.Of(_scratch["data"]);
        string[] again = ["prepare", "ml-100k", small.Logs, "--out", _scratch["data"], "--split", "global"];

        CommandRun.Of(again).AssertFails(FaultKind.Usage, $"'{_scratch["data"]}' is there already. Name another folder, or say --overwrite to replace it.");
        Assert.Equal(before, FolderState.Of(_scratch["data"]));

        CommandRun.Succeeding([.. again, "--overwrite"]);
        Assert.NotEqual(before, FolderState.Of(_scratch["data"]));
        Assert.Single(Directory.GetDirectories(_scratch.Root)); // the old one is gone
    }

    [Fact]
    public void AFolderOfSomebodyElseIsNeverReplaced()
    {
        Directory.CreateDirectory(_scratch["photos"]);
        File.WriteAllText(Path.Combine(_scratch["photos"], "cat.jpg"), "cat");

        CommandRun.Of("prepare", "ml-100k", small.Logs, "--out", _scratch["photos"], "--overwrite")
            .AssertFails(FaultKind.Usage, $"'{_scratch["photos"]}' was not written by this command, so it is not replaced. Name another folder.");

        Assert.Equal(["cat.jpg"], FolderState.Of(_scratch["photos"]).Keys);
    }

    [Fact]
    public void AUsersPromptHoldsWhatTheUserLikedAndAScenariosItsFacts()
    {
        var user = CommandRun.Succeeding("prompts", "show", small.Data, "--user", "7", "--history", "2");
        var scenario = CommandRun.Succeeding("prompts", "show", small.Data, "--scenario", "comedy and family");

        Assert.Contains("user_7 liked: Film ", user.Output, StringComparison.Ordinal);
        Assert.Equal(2, user.Output.Split("As of rank ").Length - 1); // after four and after eight tenths of the user's rows
        Assert.Contains("comedy and family", scenario.Output, StringComparison.Ordinal);
        Assert.Empty(user.Errors + scenario.Errors);
    }

    [Fact]
    public void AnUnknownUserOrScenarioIsNamedWithTheWayOut()
    {
        CommandRun.Of("prompts", "show", small.Data, "--user", "777")
            .AssertFails(FaultKind.BadInput, "There is no user '777' in the data. They are named as in the logs: the first is '1'.");
        CommandRun.Of("prompts", "show", small.Data, "--scenario", "comedy and famly").AssertFails(FaultKind.BadInput,
            "There is no scenario 'comedy and famly'. There are: drama and romance, comedy and family, action and suspense. Did you mean 'comedy and family'?");
        CommandRun.Of("prompts", "show", small.Data).AssertFails(FaultKind.Usage, "Say either --user ID or --scenario NAME.");
    }

    private CommandRun Prepare(string name, params string[] split) =>
        CommandRun.Succeeding(["prepare", "ml-100k", small.Logs, "--out", _scratch[name], "--json", "--split", .. split]);

    private static string[] UsersOf(string folder, Part part)
    {
        var data = InteractionDataset.Open(folder);
        return [.. data.RanksOf(part).Select(rank => data.Encoder.Users.Keys[data.Interactions.User[rank]]).Distinct()];
    }
}

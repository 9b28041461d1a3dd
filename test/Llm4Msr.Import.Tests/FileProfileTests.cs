using System.Globalization;
using System.Text;
using System.Text.Json;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>What is found in a file, and which import is proposed for it.</summary>
public sealed class FileProfileTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void TheProposalForAFileCanBeImported()
    {
        File.WriteAllText(_scratch["clicks.csv"], "visitor;item_id;surface;at;clicked;item\n" + string.Concat(Enumerable.Range(0, 300).Select(k =>
            string.Create(CultureInfo.InvariantCulture, $"v{k % 20};{k % 33};{(k % 2 == 0 ? "web" : "app")};2023-05-{1 + k % 28:00} 10:00:00;{k % 3 / 2};{k % 90}.5\n"))));

        var profile = Profile("clicks.csv");

        Assert.Equal(["user", "item", "scenario", "time", "label", "context"], profile.Columns.Select(c => c.Role));
        Assert.Equal((300, 0), (profile.Rows, profile.NoRows));
        var data = Imports.Run(_scratch, profile.Configuration);
        Assert.Equal((300, 100), (data.Interactions.Count, data.Interactions.Clicked.Count(c => c)));
        Assert.Equal(["app", "web"], data.Description.Scenarios.Select(s => s.Name).Order());
        Assert.Equal(("clicks", "where users meet items"), (profile.Configuration.Platform.Name, profile.Configuration.Platform.Description));
        Assert.DoesNotContain("FILL-IN", JsonSerializer.Serialize(profile.Configuration, ImportJson.Options), StringComparison.Ordinal);
        Assert.Contains("Prompts will call the platform 'clicks', its people 'users' and its things 'items': say it better under 'platform'.", profile.Notes);
    }

    [Fact]
    public void WhatNoColumnLooksLikeIsLeftToBeFilledInAndThenRefused()
    {
        File.WriteAllText(_scratch["log.csv"], "who,what,when\na,x,1600000000\nb,y,1600000001\n");

        var profile = Profile("log.csv");

        var source = profile.Configuration.Interactions[0];
        Assert.Equal(("FILL-IN", "FILL-IN", "when"), (source.User, source.Item, source.Time.Column));
        Assert.Equal(["No column looks like the user: write its name for 'FILL-IN' in interactions[0].user.", "No column looks like the item: write its name for 'FILL-IN' in interactions[0].item."], profile.Notes.Take(2));
        Assert.Contains("interactions[0].user is FILL-IN", Assert.Throws<Llm4MsrException>(() => Imports.Run(_scratch, profile.Configuration)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UTF-16BE", "UTF-16 big-endian"), InlineData("UTF-32LE", "UTF-32 little-endian"), InlineData("UTF-32BE", "UTF-32 big-endian")]
    public void AnEncodingThatIsNotReadIsRefusedByName(string encoding, string name)
    {
        foreach (var file in new[] { "log.csv", "log.jsonl" })
        {
            File.WriteAllText(_scratch[file], "user,item\n1,2\n", Encoding.GetEncoding(encoding)); // with its mark

            var error = Assert.Throws<Llm4MsrException>(() => Profile(file));

            Assert.Equal((FaultKind.BadInput, $"{_scratch[file]} is {name}; convert it, for example with 'iconv -f {encoding} -t UTF-8'."), (error.Kind, error.Message));
        }
    }

    [Theory]
    [InlineData("user,item\n", "."), InlineData("user,item\n1\n2\n", ": none of its 2 lines is one.")]
    public void AFileWithoutRowsHasNothingToPropose(string content, string end)
    {
        File.WriteAllText(_scratch["log.csv"], content);

        var error = Assert.Throws<Llm4MsrException>(() => Profile("log.csv"));

        Assert.Equal((FaultKind.BadInput, $"{_scratch["log.csv"]} has no rows{end} Get it again."), (error.Kind, error.Message));
    }

    [Fact]
    public void LinesThatAreNoJsonObjectsAreCountedAndNotTakenForMissingValues()
    {
        File.WriteAllText(_scratch["log.jsonl"], "{\"user\": 1}\nx\n[1]\n\n{\"user\": 2}\n7\n{\"user\": null}\n");

        var profile = Profile("log.jsonl");

        Assert.Equal((3, 3, 1), (profile.Rows, profile.NoRows, Assert.Single(profile.Columns).Missing));
    }

    /// <summary>Two names that are alike in their first thirty characters, and one with a line end in it.</summary>
    [Fact]
    public void ScenariosAreWholeValuesAndAllOfThem()
    {
        var begin = new string('x', 30);
        string[] names = [begin + " one", begin + " two", "up\ndown", "web", "app"];
        File.WriteAllText(_scratch["log.csv"], "user,item,scenario,click,time\n" + string.Concat(Enumerable.Range(0, 100).Select(k =>
            string.Create(CultureInfo.InvariantCulture, $"{k % 7},{k % 11},\"{names[k % names.Length]}\",{k % 3 / 2},{1_600_000_000 + k}\n"))));

        var profile = Profile("log.csv");

        Assert.Equal(names.Order(StringComparer.Ordinal), profile.Configuration.Scenarios.Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.Equal(5, profile.Columns.Single(c => c.Name == "scenario").Distinct);
        Assert.Equal(100, Imports.Run(_scratch, profile.Configuration with { Interactions = [profile.Configuration.Interactions[0]] }).Interactions.Count);
    }

    [Fact]
    public void AColumnWithTooManyValuesForScenariosIsNamed()
    {
        File.WriteAllText(_scratch["log.csv"], "user,item,channel,click,time\n" + string.Concat(Enumerable.Range(0, 210).Select(k =>
            string.Create(CultureInfo.InvariantCulture, $"{k % 7},{k % 11},c{k % 21},{k % 3 / 2},{1_600_000_000 + k}\n"))));

        var profile = Profile("log.csv");

        Assert.Equal("all", Assert.Single(profile.Configuration.Scenarios).Name);
        Assert.Contains(profile.Notes, note => note.StartsWith("'channel' is called like a scenario, but has about 21 values, more than 20: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("clicked,device", ",x,")]
    [InlineData("clicked,rating", ",x,")]
    public void ALabelThatIsHalfWordsIsNamedAndNeverContext(string columns, string dirt)
    {
        File.WriteAllText(_scratch["log.csv"], $"user,item,{columns},time\n" + string.Concat(Enumerable.Range(0, 100).Select(k =>
            string.Create(CultureInfo.InvariantCulture, $"{k % 7},{k % 11}{(k % 2 == 0 ? dirt : ",1,")}{k % 5},{1_600_000_000 + k}\n"))));

        var profile = Profile("log.csv");

        Assert.Contains("'clicked' is called like a label, but only 50 % of its values are numbers: it is used for nothing. Correct the file, or write a condition such as clicked = 'x'.", profile.Notes);
        Assert.Equal("", profile.Columns.Single(c => c.Name == "clicked").Role);
        var source = profile.Configuration.Interactions[0];
        Assert.DoesNotContain("clicked", source.Context.Select(f => f.Name));
        Assert.Equal(columns == "clicked,rating" ? "rating > 3" : "FILL-IN", source.Label);
        Assert.Null(profile.Configuration.Negatives);
    }

    [Fact]
    public void SecondsSince1970AreATimeWhateverTheyAreCalled()
    {
        File.WriteAllText(_scratch["log.csv"], "user,item,click,ts\n" + string.Concat(Enumerable.Range(0, 100).Select(k =>
            string.Create(CultureInfo.InvariantCulture, $"{500_000_000 + k % 7},{k % 11},{k % 3 / 2},{1_600_000_000 + k}\n"))));

        var profile = Profile("log.csv");

        Assert.Equal(["user", "item", "label", "time"], profile.Columns.Select(c => c.Role));
        Assert.Equal(new TimeColumn("ts"), profile.Configuration.Interactions[0].Time);
    }

    private FileProfile Profile(string file) => FileProfile.Of(_scratch[file], Directory.CreateDirectory(_scratch["spill"]).FullName, 1L << 30, 1);
}

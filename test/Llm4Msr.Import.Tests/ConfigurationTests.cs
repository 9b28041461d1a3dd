using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

public sealed class ConfigurationTests : IDisposable
{
    private const string Minimal = """
        {
          // comments are allowed
          "name": "shop",
          "platform": {"name": "Shop", "description": "", "users": "people", "items": "things", "behavior": "bought"},
          "scenarios": [{"name": "web", "description": ""}, {"name": "app", "description": ""}],
          "interactions": [{"file": "log.csv", "scenario": {"column": "place"}, "user": "u", "item": "i", "label": "bought", "time": {"column": "t"}}]
        }
        """;

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhatIsNotSaidHasItsDefault()
    {
        var configuration = Read(Minimal);

        Assert.Equal((1, 1, 0.01, DuplicateRule.Keep, SplitKind.User), (configuration.MinCount, configuration.MinScenarios, configuration.MaxRejected, configuration.Duplicates, configuration.Split.Kind));
        Assert.Equal(TimeUnit.Unix, configuration.Interactions[0].Time.Unit);
    }

    [Fact]
    public void AllThatIsWrongWithTheKeysIsToldAtOnce()
    {
        var content = Minimal.Replace("\"name\": \"shop\",", "\"nmae\": \"shop\", \"minCount\": \"two\", \"duplicates\": \"some\",", StringComparison.Ordinal)
            .Replace("\"user\": \"u\"", "\"users\": \"u\"", StringComparison.Ordinal);

        Assert.Equal($"""
            '{_scratch["import.json"]}': There is no key 'nmae'. Did you mean 'name'?
            minCount is "two", expected a whole number.
            duplicates is "some", expected one of: keep, same-time, same-item.
            There is no key 'interactions[0].users'. Did you mean 'user'?
            'interactions[0].user' is missing, expected a text.
            'name' is missing, expected a text.
            """, Assert.Throws<Llm4MsrException>(() => Read(content)).Message);
    }

    [Fact]
    public void AllThatIsWrongWithTheMeaningIsToldAtOnce()
    {
        var content = Minimal.Replace("\"label\": \"bought\"", "\"label\": \"bought >\", \"where\": \"a = b\", \"context\": [{\"name\": \"user\"}, {\"name\": \"tags\", \"kind\": \"multi-valued\"}]", StringComparison.Ordinal)
            .Replace("{\"column\": \"place\"}", "{\"column\": \"place\", \"names\": {\"W\": \"wbe\"}}", StringComparison.Ordinal);

        Assert.Equal($"""
            '{_scratch["import.json"]}': interactions[0].label is 'bought >': it ends where a number or a 'text' was expected. Expected a condition over columns, for example: click or (rating >= 4 and not spam).
            interactions[0].where is 'a = b': 'b' stands at position 5 where a number or a 'text' was expected. Expected a condition over columns, for example: click or (rating >= 4 and not spam).
            interactions[0].scenario names 'wbe', which is not among the scenarios. Did you mean 'web'?
            interactions[0].context[1] ('tags') is a list, but an interaction has one value per field. Make it a feature of the user or the item.
            Two fields are called 'user'. That name is taken: the ids and the scenario are fields already. Rename one.
            """, Assert.Throws<Llm4MsrException>(() => Read(content)).Message);
    }

    [Fact]
    public void WhatIsEmptyAndMayNotBeIsToldBeforeAnyFileIsOpened()
    {
        var content = Minimal.Replace("{\"name\": \"app\",", "{\"name\": \"\",", StringComparison.Ordinal)
            .Replace("{\"column\": \"place\"}", "{\"column\": \"place\", \"names\": {}}, \"format\": {\"columns\": []}", StringComparison.Ordinal)
            .Replace("\"interactions\"", "\"split\": {\"kind\": \"user-holdout\", \"fold\": 6}, \"items\": [{\"file\": \"i.csv\", \"key\": \"i\", \"features\": [{\"name\": \"tags\", \"flags\": {}}]}], \"interactions\"", StringComparison.Ordinal);

        Assert.Equal($"""
            '{_scratch["import.json"]}': A scenario has no name: it stands in reports and prompts. Name each.
            Fold 6/5 does not exist: the first number runs from 1 to the second, and the second is at least 2.
            interactions[0].scenario.names is empty, expected a scenario for each value of the column.
            interactions[0].format.columns is empty, expected the name of each column.
            items[0].features[0].flags ('tags') is empty, expected a value for each column of 0 and 1.
            """, Assert.Throws<Llm4MsrException>(() => Read(content)).Message);
    }

    [Fact]
    public void WhatAProposalLeavesToBeFilledInIsToldByKey()
    {
        var content = Minimal.Replace("\"name\": \"Shop\", \"description\": \"\"", "\"name\": \"FILL-IN\", \"description\": \"\"", StringComparison.Ordinal)
            .Replace("\"user\": \"u\", \"item\": \"i\", \"label\": \"bought\", \"time\": {\"column\": \"t\"}", "\"user\": \"FILL-IN\", \"item\": \"FILL-IN\", \"label\": \"FILL-IN\", \"time\": {\"column\": \"FILL-IN\"}", StringComparison.Ordinal);

        var error = Assert.Throws<Llm4MsrException>(() => Read(content));

        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.Equal($"""
            '{_scratch["import.json"]}': platform.name is FILL-IN, expected what prompts call the platform.
            interactions[0].user is FILL-IN, expected the column with the user's id.
            interactions[0].item is FILL-IN, expected the column with the item's id.
            interactions[0].time.column is FILL-IN, expected the column with the time.
            interactions[0].label is FILL-IN, expected the condition for a click, for example: clicked = 'yes'.
            """, error.Message);
    }

    [Theory]
    [InlineData("rating > 3", "4", "", true)]
    [InlineData("rating > 3", "3", "", false)]
    [InlineData("rating>=3 and rating<4", "3.5", "", true)]
    [InlineData("not rating", "0", "", true)]
    [InlineData("rating = 1 or rating = 2 and word = 'x'", "1", "y", true)]
    [InlineData("(rating = 1 or rating = 2) and word = 'x'", "1", "y", false)]
    [InlineData("word != 'it''s'", "1", "it's", false)]
    [InlineData("\"word\" <> '' and rating == -1.5e0", "-1.5", "a", true)]
    [InlineData("true", "1", "", true)]
    public void ExpressionsMeanWhatTheySay(string expression, string rating, string word, bool expected)
    {
        File.WriteAllText(_scratch["log.csv"], $"user,item,rating,word,time\n1,1,{rating},{word},100\n2,1,{rating},{word},101\n");
        var log = Imports.Ratings();

        var data = Imports.Run(_scratch, log with { Interactions = [log.Interactions[0] with { Label = expression }] });

        Assert.Equal([expected, expected], data.Interactions.Clicked);
    }

    [Theory]
    [InlineData("", "it ends where a column, 'not' or '(' was expected")]
    [InlineData("a b", "'b' stands at position 3 where 'and', 'or' or its end was expected")]
    [InlineData("(a", "it ends where ')' was expected")]
    [InlineData("a = 'b", "the quote at position 5 is not closed")]
    [InlineData("a ! 3", "'!' at position 3 is no comparison")]
    [InlineData("a = 3x", "'3x' at position 5 is no number")]
    [InlineData("a; drop", "';' at position 2 means nothing here; a column with unusual characters stands in double quotes")]
    public void AnExpressionThatIsNoneIsExplained(string expression, string problem) =>
        Assert.Equal(problem, Assert.Throws<FormatException>(() => Expression.Parse(expression)).Message);

    [Fact]
    public void DeepNestingIsRefusedAndNotFollowed() =>
        Assert.Equal("it is nested too deeply", Assert.Throws<FormatException>(() => Expression.Parse(new string('(', 100_000))).Message);

    private ImportConfiguration Read(string content)
    {
        File.WriteAllText(_scratch["import.json"], content);
        return ImportJson.ReadFile(_scratch["import.json"]);
    }
}

namespace Llm4Msr.Language.Tests;

public class HiddenStateDefinitionTests
{
    [Fact]
    public void EveryDefinitionHasANameInSnakeCase() => Assert.Equal(
        ["state_that_produced_last", "after_last_token", "last_prompt_token", "mean_of_generated", "read_again"],
        Enum.GetValues<HiddenStateDefinition>().Select(d => d.ToName()));

    [Fact]
    public void EveryNameIsReadBack()
    {
        Assert.Equal(Enum.GetValues<HiddenStateDefinition>(), HiddenStateDefinitions.Names.Select(
            name => HiddenStateDefinitions.TryParse(name, out var definition) ? definition : throw new ArgumentException(name)));
        Assert.False(HiddenStateDefinitions.TryParse("AfterLastToken", out _));
    }

    [Fact]
    public void ADefinitionFindsItsOwnState()
    {
        var states = new HiddenStates([1], [2], [3], [4]);

        Assert.Equal([1, 2, 3, 4], HiddenStateDefinitions.OfOnePass.Select(d => states[d][0]));
        Assert.Equal([5], HiddenStates.OfReadingAgain([5])[HiddenStateDefinition.ReadAgain]);
        Assert.Throws<ArgumentOutOfRangeException>(() => states[HiddenStateDefinition.ReadAgain]);
    }
}
